import { expect, it } from "vitest";
import { createMemoryAttemptLimiter } from "./memory-attempt-limiter.ts";

it("remembers a bounded number of peers, the latest", async () => {
  const limiter = createMemoryAttemptLimiter({ clock: { nowMs: () => 0, monotonicMs: () => 0 }, maxPeers: 3 });
  for (const peer of ["a", "b", "c", "a", "d"]) await limiter.recordFailure(peer, 1_000);
  const admitted = await Promise.all(["a", "b", "c", "d"].map((peer) => limiter.admits(peer, 1, 1_000)));
  expect(admitted).toEqual([true, false, false, false]);
});

it("starts a new window when the old one is over", async () => {
  let now = 0;
  const limiter = createMemoryAttemptLimiter({ clock: { nowMs: () => 0, monotonicMs: () => now } });
  await limiter.recordFailure("a", 1_000);
  now = 999;
  await limiter.recordFailure("a", 1_000);
  expect(await limiter.admits("a", 2, 1_000)).toBe(false);
  now = 1_000;
  expect(await limiter.admits("a", 1, 1_000)).toBe(true);
  await limiter.recordFailure("a", 1_000);
  now = 1_999;
  expect(await limiter.admits("a", 1, 1_000)).toBe(false);
});
