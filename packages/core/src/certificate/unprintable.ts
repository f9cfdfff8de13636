import { inspect } from "node:util";

/**
 * Makes bytes that must not print themselves: JSON and inspection give `[label]`. They stay the same bytes for everything else.
 *
 * For key material, and for MACs that devices present: where an SDK signs a constant timestamp, its MAC is as good as a password
 * (wire-format 0.3).
 */
export function unprintable(bytes: Buffer, label: string): Buffer {
  const print = { value: () => `[${label}]` };
  return Object.defineProperties(bytes, { toJSON: print, [inspect.custom]: print });
}
