import { createLeakyCounts } from "@trine/core/guard";
import type { AttemptLimiter, Clock } from "@trine/core/ports";

const DEFAULT_MAX_KEYS = 100_000;

/**
 * Counts failures in this process, for the gateway that is the only one.
 *
 * Bounded: beyond `maxKeys` the key that failed the longest time ago is forgotten, so that a flood of addresses costs no memory.
 */
export function createMemoryAttemptLimiter({
  clock,
  maxKeys = DEFAULT_MAX_KEYS,
}: {
  clock: Clock;
  maxKeys?: number;
}): AttemptLimiter {
  const failures = createLeakyCounts({ clock, maxKeys });
  return { addFailures: async (key, count, drain) => failures.add(key, count, drain) };
}
