import { randomFillSync } from "node:crypto";
import type { Clock, Random, Timer } from "@trine/core/ports";

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** The event loop's timers. */
export const systemTimer: Timer = {
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

const POOL_BYTES = 4_096;

/**
 * The operating system's random source, read in larger pieces: a login draws a few short ones, and each call costs more than the bytes.
 * No byte is given out twice, and what was given out is wiped from the pool.
 */
export function createSystemRandom(): Random {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    bytes(count) {
      if (count > POOL_BYTES) return randomFillSync(Buffer.allocUnsafeSlow(count));
      if (used + count > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const drawn = Buffer.from(pool.subarray(used, used + count));
      pool.fill(0, used, used + count);
      used += count;
      return drawn;
    },
  };
}
