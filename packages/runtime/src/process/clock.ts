import { randomBytes } from "node:crypto";
import type { Clock, Random } from "@trine/core/ports";

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** The operating system's random source. */
export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
};
