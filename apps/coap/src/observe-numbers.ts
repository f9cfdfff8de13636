import type { Clock } from "@trine/core/ports";
import { uintOption } from "./options.ts";

const TICK_MS = 100;
const MASK = 0xff_ffff;

/**
 * Makes a source of Observe values, 24 bits that grow (RFC 7641 4.4).
 *
 * They follow the clock, so that those of another node, where the device observes next, are greater as well.
 */
export function createObserveNumbers(clock: Clock): () => Buffer {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor(clock.nowMs() / TICK_MS));
    return uintOption(last & MASK);
  };
}
