import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostAtOnce, nextPaceMs } from "./pace.ts";

/** Takes devices whenever it may; looks come after the given pauses. @returns when each was taken. */
function run(ratePerMinute: number, pauses: Iterable<number>): number[] {
  const takenAt: number[] = [];
  let paceAtMs = 0;
  let nowMs = 1_000_000;
  for (const pause of pauses) {
    nowMs += pause;
    if (nowMs < paceAtMs) continue;
    const count = mostAtOnce(ratePerMinute);
    takenAt.push(...Array.from({ length: count }, () => nowMs));
    paceAtMs = nextPaceMs({ paceAtMs, nowMs, count }, ratePerMinute);
  }
  return takenAt;
}

describe("the pace of a job", () => {
  it("lets no minute, wherever it begins, see more than the rate", () => {
    const pauses = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_000 }), pauses, (rate, each) => {
        const at = run(rate, each);
        let from = 0;
        let most = 0;
        for (const [index, time] of at.entries()) {
          while ((at[from] ?? 0) <= time - 60_000) from += 1;
          most = Math.max(most, index - from + 1);
        }
        expect(most).toBeLessThanOrEqual(rate);
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 7, 60, 61, 600, 6_000, 60_000])(
    "of %i a minute is not slower by more than 4 % when it is looked at in time",
    (rate) => {
      const minutes = 20;
      const taken = run(
        rate,
        Array.from({ length: minutes * 120 }, () => 500),
      ).length;
      expect(taken).toBeGreaterThanOrEqual(Math.floor(0.95 * rate * minutes));
    },
  );
});
