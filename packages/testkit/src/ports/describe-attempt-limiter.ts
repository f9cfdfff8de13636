import type { AttemptLimiter } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { atOnce, randomName } from "./fixtures.ts";

/** So slow that nothing goes while a test runs. */
const STILL = { everyMs: 3_600_000, most: 1_000 };

/** Every promise of the port `AttemptLimiter`. */
export function describeAttemptLimiter(name: string, make: MakeContract<AttemptLimiter>): void {
  describe(`AttemptLimiter: ${name}`, () => {
    const open = openContract(make);

    it("adds up what every process tells", async () => {
      const { store, second } = open();
      const key = aKey();
      expect(await store.addFailures(key, 1, STILL)).toBeCloseTo(1, 2);
      expect(await second.addFailures(key, 5, STILL)).toBeCloseTo(6, 2);
      expect(await store.addFailures(key, 1, STILL)).toBeCloseTo(7, 2);
    });

    it("counts every key apart, whatever it is made of", async () => {
      const { store } = open();
      const address = aKey();
      const keys = [address, `${address} a1b2C3d4E5f/pump-7.B:3@site_1`, `${address} `];
      for (const key of keys) expect(await store.addFailures(key, 1, STILL)).toBeCloseTo(1, 2);
    });

    it("counts each of 50 simultaneous failures", async () => {
      const { store, second } = open();
      const key = aKey();
      const counts = await atOnce(50, (i) => (i % 2 ? store : second).addFailures(key, 1, STILL));
      expect(Math.max(...counts)).toBeCloseTo(50, 2);
      expect(new Set(counts.map(Math.round)).size).toBe(50);
    });

    it("never counts above the most, so that nobody is refused for longer than that takes to go", async () => {
      const { store } = open();
      const key = aKey();
      expect(await store.addFailures(key, 1_000_000, { ...STILL, most: 20 })).toBeCloseTo(20, 2);
      expect(await store.addFailures(key, 1, { ...STILL, most: 20 })).toBeCloseTo(20, 2);
    });

    it("has a count go down by itself", async () => {
      const { store } = open();
      const key = aKey();
      const drain = { everyMs: 10, most: 30 };
      await store.addFailures(key, 30, drain);
      await expect.poll(() => store.addFailures(key, 0, drain), { timeout: 5_000 }).toBeLessThan(1);
    });
  });
}

/** A key of its own for each case: the limiter may be shared. */
function aKey(): string {
  return `2001:db8:${randomName()}::/64`;
}
