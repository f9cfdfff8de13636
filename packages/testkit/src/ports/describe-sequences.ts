import type { SessionStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aSession, aTokenHash } from "./a-session.ts";
import { atOnce, upTo } from "./fixtures.ts";

const WINDOW = 64;

/** The sequence window of `SessionStore` (wire-format 5.6). */
export function describeSequences(open: () => { store: SessionStore; second: SessionStore }): void {
  async function aNumberedSession(seqOffset: number) {
    const hash = aTokenHash();
    const session = aSession({ sealing: { random: "8fe3c8d50e10a1b2", seqOffset } });
    await open().store.save(hash, session, 5);
    const take = (seq: number) => open().store.takeSequence(hash, seq, WINDOW);
    return { hash, session, take };
  }

  describe("sequence numbers", () => {
    it("may start at the offset itself, and each is taken once", async () => {
      const { take } = await aNumberedSession(1_200);
      expect(await take(1_200)).toBe("taken");
      expect(await take(1_200)).toBe("replayed");
      expect(await take(1_201)).toBe("taken");
      expect(await take(1_200)).toBe("replayed");
    });

    it("may not lie below the offset, even within the window", async () => {
      const { take } = await aNumberedSession(1_200);
      expect(await take(1_199)).toBe("replayed");
      expect(await take(0)).toBe("replayed");
      expect(await take(1_205)).toBe("taken");
      expect(await take(1_199)).toBe("replayed");
    });

    it("may arrive out of order within the window, and not below it", async () => {
      const { take } = await aNumberedSession(1);
      expect(await take(1_000)).toBe("taken");
      expect(await take(1_000 - WINDOW + 1)).toBe("taken");
      expect(await take(1_000 - WINDOW - 1)).toBe("replayed");
      expect(await take(990)).toBe("taken");
      expect(await take(991)).toBe("taken");
      expect(await take(990)).toBe("replayed");
      expect(await take(1_000 - WINDOW + 1)).toBe("replayed");
    });

    it("stay taken when the window moves on a little, and when it jumps", async () => {
      const { take } = await aNumberedSession(0);
      for (const seq of [10, 12, 40]) expect(await take(seq)).toBe("taken");
      expect(await take(73)).toBe("taken");
      expect([await take(12), await take(40), await take(10)]).toEqual(["replayed", "replayed", "replayed"]);
      expect(await take(11)).toBe("taken");
      expect(await take(1_000_000_000)).toBe("taken");
      expect([await take(73), await take(41), await take(1_000_000_000)]).toEqual(["replayed", "replayed", "replayed"]);
      expect(await take(999_999_999)).toBe("taken");
    });

    it("may be as large as a device's counter gets", async () => {
      const { take } = await aNumberedSession(0);
      const large = 2 ** 48;
      expect(await take(large)).toBe("taken");
      expect(await take(large)).toBe("replayed");
      expect(await take(large - 1)).toBe("taken");
      expect(await take(large + 1)).toBe("taken");
      expect(await take(large)).toBe("replayed");
    });

    it("goes to exactly one of 100 simultaneous callers", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const answers = await atOnce(100, (i) => (i % 2 ? store : second).takeSequence(hash, 5, WINDOW));
      expect(answers.filter((answer) => answer === "taken")).toHaveLength(1);
      expect(answers.filter((answer) => answer === "replayed")).toHaveLength(99);
    });

    it("are all taken when a window of different ones comes at once", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const answers = await atOnce(50, (i) => (i % 2 ? store : second).takeSequence(hash, 50 - i, WINDOW));
      expect(answers).toEqual(upTo(50).map(() => "taken"));
      const again = await atOnce(50, (i) => second.takeSequence(hash, i + 1, WINDOW));
      expect(again).toEqual(upTo(50).map(() => "replayed"));
    });

    it("are counted for each session apart", async () => {
      const [one, two] = [await aNumberedSession(1), await aNumberedSession(1)];
      expect(await one.take(7)).toBe("taken");
      expect(await two.take(7)).toBe("taken");
    });

    it("need a session", async () => {
      const { store } = open();
      expect(await store.takeSequence(aTokenHash(), 1, WINDOW)).toBe("no_session");
      const { session, take } = await aNumberedSession(1);
      await store.revokeDevice(session.device);
      expect(await take(1)).toBe("no_session");
    });
  });
}
