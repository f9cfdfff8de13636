import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aClock } from "../../test/a-clock.ts";
import { createLeakyCounts } from "./leaky-counts.ts";
import { createTokenBuckets, perMinute, perSecond } from "./token-buckets.ts";

describe("a bucket", () => {
  it("never lets more through than its burst and what came back since", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 100 }),
        (rate, gaps) => {
          const clock = aClock(1_000);
          const buckets = createTokenBuckets({ clock, maxKeys: 10 });
          let taken = 0;
          for (const gap of gaps) {
            clock.pass(gap);
            if (buckets.waitMs("device", perSecond(rate)) > 0) continue;
            buckets.take("device", perSecond(rate));
            taken += 1;
          }
          const passedMs = clock.monotonicMs() - 1_000;
          expect(taken).toBeLessThanOrEqual(rate + (passedMs * rate) / 1_000 + 1e-6);
        },
      ),
    );
  });

  it("lets one through after exactly the wait that it told", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 300 }), (rate, times) => {
        const clock = aClock(1_000);
        const buckets = createTokenBuckets({ clock, maxKeys: 10 });
        for (let i = 0; i < times; i += 1) {
          const waitMs = buckets.waitMs("device", perSecond(rate));
          clock.pass(waitMs);
          expect(buckets.waitMs("device", perSecond(rate))).toBe(0);
          buckets.take("device", perSecond(rate));
        }
      }),
    );
  });

  it("counts a minute as well as a second, and every key apart", () => {
    const clock = aClock(1_000);
    const buckets = createTokenBuckets({ clock, maxKeys: 10 });
    for (let i = 0; i < 5; i += 1) buckets.take("one", perMinute(5));
    expect(buckets.waitMs("one", perMinute(5))).toBe(12_000);
    expect(buckets.waitMs("other", perMinute(5))).toBe(0);
  });
});

describe("counts that go down", () => {
  const DRAIN = { everyMs: 100, most: 50 };

  it("go down steadily, never below nothing, and never get above the most", () => {
    const clock = aClock(1_000);
    const counts = createLeakyCounts({ clock, maxKeys: 10 });
    expect(counts.add("a", 3, DRAIN)).toBe(3);
    clock.pass(150);
    expect(counts.of("a", DRAIN)).toBe(1.5);
    expect(counts.add("a", 1_000, DRAIN)).toBe(50);
    clock.pass(1_000_000);
    expect(counts.of("a", DRAIN)).toBe(0);
  });

  it("are raised, never lowered, by what other nodes counted", () => {
    const counts = createLeakyCounts({ clock: aClock(), maxKeys: 10 });
    counts.raise("a", 7, DRAIN);
    counts.raise("a", 2, DRAIN);
    expect(counts.of("a", DRAIN)).toBe(7);
  });

  it("hold a bounded number of keys, and what was used last", () => {
    const counts = createLeakyCounts({ clock: aClock(), maxKeys: 100 });
    for (let i = 0; i < 10_000; i += 1) {
      counts.add(`key ${i}`, 1, DRAIN);
      counts.add("used all the time", 1, DRAIN);
    }
    expect(counts.of("used all the time", DRAIN)).toBe(50);
    const left = Array.from({ length: 10_000 }, (_, i) => counts.of(`key ${i}`, DRAIN)).filter((count) => count > 0);
    expect(left.length).toBeLessThanOrEqual(100);
  });
});
