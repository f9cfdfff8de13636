import { findUnstorable } from "@trine/core/messaging";

/** Parameters of a request by name, each once, decoded. */
export type Parameters = ReadonlyMap<string, string>;

/** Two lists of 10 000, and what is around them. */
const MAX_PARAMETERS = 20_100;

/**
 * Reads forms (`a=1&b=2`, percent-encoded UTF-8, `+` for a blank), such as a query and a body, into one set.
 *
 * @returns `undefined` when one is broken, holds a text that no store could give back, names a parameter twice, or is too long: which of two values was signed nobody
 * could say.
 */
export function parseForm(...forms: readonly string[]): Parameters | undefined {
  const parameters = new Map<string, string>();
  for (const form of forms) {
    for (const part of form.split("&")) {
      if (part === "") continue;
      const at = part.indexOf("=");
      const name = decode(at < 0 ? part : part.slice(0, at));
      const value = decode(at < 0 ? "" : part.slice(at + 1));
      if (name === undefined || value === undefined) return undefined;
      if (parameters.has(name) || parameters.size === MAX_PARAMETERS) return undefined;
      parameters.set(name, value);
    }
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll("+", " "));
    return findUnstorable(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}
