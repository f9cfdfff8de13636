import { expect, it } from "vitest";
import { createMemoryAttemptLimiter } from "./memory-attempt-limiter.ts";

const DRAIN = { everyMs: 1_000, most: 100 };

it("a flood of addresses costs no memory: who failed the longest time ago is forgotten", async () => {
  const limiter = createMemoryAttemptLimiter({ clock: { nowMs: () => 0, monotonicMs: () => 0 }, maxKeys: 3 });
  for (const key of ["a", "b", "c", "a", "d", "e"]) await limiter.addFailures(key, 1, DRAIN);
  const counts = await Promise.all(["a", "d", "e", "b"].map((key) => limiter.addFailures(key, 1, DRAIN)));
  expect(counts).toEqual([3, 2, 2, 1]);
});
