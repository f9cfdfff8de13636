import type { Clock } from "../src/ports/clock.ts";

/** A clock that stands still but for `pass`. */
export function aClock(startMs = 0): Clock & { pass(ms: number): void } {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
  };
}
