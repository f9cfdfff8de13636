import type { AttemptLimiter } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { atOnce, randomName } from "./fixtures.ts";

const WINDOW_MS = 60_000;

/** Every promise of the port `AttemptLimiter`. */
export function describeAttemptLimiter(name: string, make: MakeContract<AttemptLimiter>): void {
  describe(`AttemptLimiter: ${name}`, () => {
    const open = openContract(make);

    it("admits a peer until it failed as often as the limit says", async () => {
      const { store } = open();
      const peer = aPeer();
      for (let failures = 0; failures < 3; failures += 1) {
        expect(await store.admits(peer, 3, WINDOW_MS)).toBe(true);
        await store.recordFailure(peer, WINDOW_MS);
      }
      expect(await store.admits(peer, 3, WINDOW_MS)).toBe(false);
      expect(await store.admits(peer, 4, WINDOW_MS)).toBe(true);
    });

    it("does not count a question as a failure", async () => {
      const { store } = open();
      const peer = aPeer();
      const answers = await atOnce(20, () => store.admits(peer, 1, WINDOW_MS));
      expect(answers).not.toContain(false);
    });

    it("counts every peer apart", async () => {
      const { store } = open();
      const [one, other] = [aPeer(), aPeer()];
      await store.recordFailure(one, WINDOW_MS);
      expect(await store.admits(one, 1, WINDOW_MS)).toBe(false);
      expect(await store.admits(other, 1, WINDOW_MS)).toBe(true);
    });

    it("counts each of 50 simultaneous failures", async () => {
      const { store } = open();
      const peer = aPeer();
      await atOnce(50, () => store.recordFailure(peer, WINDOW_MS));
      expect(await store.admits(peer, 50, WINDOW_MS)).toBe(false);
      expect(await store.admits(peer, 51, WINDOW_MS)).toBe(true);
    });

    it("admits a peer again when the window is over", async () => {
      const { store } = open();
      const peer = aPeer();
      await store.recordFailure(peer, 200);
      expect(await store.admits(peer, 1, 200)).toBe(false);
      await expect.poll(() => store.admits(peer, 1, 200), { timeout: 5_000 }).toBe(true);
    });
  });
}

/** A peer of its own for each case: the limiter may be shared. */
function aPeer(): string {
  return `2001:db8::${randomName()}`;
}
