import type { SessionStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aSession, aTokenHash } from "./a-session.ts";
import { aMessageId, atOnce, randomName, upTo } from "./fixtures.ts";

const WINDOW = 64;
const REPEAT_MS = 60_000;

/** An attempt of a datagram that was never sent before. */
function aDatagram(given: { origin?: string; repeatMs?: number } = {}) {
  return {
    window: WINDOW,
    repeatMs: REPEAT_MS,
    origin: `192.0.2.1:5683/${randomName()}`,
    messageId: aMessageId(),
    ...given,
  };
}

/** The sequence window of `SessionStore` (wire-format 5.6). */
export function describeSequences(open: () => { store: SessionStore; second: SessionStore }): void {
  async function aNumberedSession(seqOffset: number) {
    const hash = aTokenHash();
    const session = aSession({ sealing: { random: "8fe3c8d50e10a1b2", seqOffset } });
    await open().store.save(hash, session, 5);
    const take = async (seq: number) => (await open().store.takeSequence(hash, seq, aDatagram())).outcome;
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
      const answers = await atOnce(100, (i) => (i % 2 ? store : second).takeSequence(hash, 5, aDatagram()));
      expect(answers.filter(({ outcome }) => outcome === "taken")).toHaveLength(1);
      expect(answers.filter(({ outcome }) => outcome === "replayed")).toHaveLength(99);
    });

    it("are all taken when a window of different ones comes at once", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const answers = await atOnce(50, (i) => (i % 2 ? store : second).takeSequence(hash, 50 - i, aDatagram()));
      expect(answers.map(({ outcome }) => outcome)).toEqual(upTo(50).map(() => "taken"));
      const again = await atOnce(50, (i) => second.takeSequence(hash, i + 1, aDatagram()));
      expect(again).toEqual(upTo(50).map(() => ({ outcome: "replayed" })));
    });

    it("are counted for each session apart", async () => {
      const [one, two] = [await aNumberedSession(1), await aNumberedSession(1)];
      expect(await one.take(7)).toBe("taken");
      expect(await two.take(7)).toBe("taken");
    });

    it("need a session", async () => {
      const { store } = open();
      expect(await store.takeSequence(aTokenHash(), 1, aDatagram())).toEqual({ outcome: "no_session" });
      const { session, take } = await aNumberedSession(1);
      await store.revokeDevice(session.device);
      expect(await take(1)).toBe("no_session");
    });
  });

  describe("a numbered datagram that comes again", () => {
    it("is told its first message id, on another node too, whatever came in between", async () => {
      const { store, second } = open();
      const { hash, take } = await aNumberedSession(1);
      const first = aDatagram();
      expect(await store.takeSequence(hash, 5, first)).toEqual({ outcome: "taken", messageId: first.messageId });
      for (const seq of [4, 6, 5 + WINDOW - 1]) expect(await take(seq)).toBe("taken");
      for (const node of [second, store]) {
        const again = await node.takeSequence(hash, 5, { ...first, messageId: aMessageId() });
        expect(again).toEqual({ outcome: "repeated", messageId: first.messageId });
      }
    });

    it("is a replay when it is another datagram with the same number", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const first = aDatagram();
      await store.takeSequence(hash, 5, first);
      expect(await second.takeSequence(hash, 5, aDatagram())).toEqual({ outcome: "replayed" });
      const again = await second.takeSequence(hash, 5, first);
      expect(again).toEqual({ outcome: "repeated", messageId: first.messageId });
    });

    it("is no repeat of another number's, though it comes from the same place", async () => {
      const { store } = open();
      const { hash } = await aNumberedSession(1);
      const [first, other] = [aDatagram(), aDatagram()];
      await store.takeSequence(hash, 5, first);
      await store.takeSequence(hash, 6, other);
      expect(await store.takeSequence(hash, 6, first)).toEqual({ outcome: "replayed" });
    });

    it("is a replay below the window, even where its place was taken by a number that is one window later", async () => {
      const { store } = open();
      const { hash, take } = await aNumberedSession(1);
      const first = aDatagram();
      await store.takeSequence(hash, 5, first);
      expect(await take(5 + WINDOW)).toBe("taken");
      expect(await store.takeSequence(hash, 5, first)).toEqual({ outcome: "replayed" });
    });

    it("is a replay when its time is over: somebody recorded it", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const first = aDatagram({ repeatMs: 1 });
      await store.takeSequence(hash, 5, first);
      await expect.poll(() => second.takeSequence(hash, 5, first), { interval: 1 }).toEqual({ outcome: "replayed" });
      await store.takeSequence(hash, 6, aDatagram());
      expect(await second.takeSequence(hash, 5, first)).toEqual({ outcome: "replayed" });
    });

    it("is taken once of 50 that race on two nodes, and the rest are told the same id", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(1);
      const origin = `192.0.2.1:5683/${randomName()}`;
      const answers = await atOnce(50, (i) => (i % 2 ? store : second).takeSequence(hash, 5, aDatagram({ origin })));
      const [taken, ...more] = answers.filter(({ outcome }) => outcome === "taken");
      expect(more).toEqual([]);
      const repeats = answers.filter((answer) => answer !== taken);
      expect(repeats).toEqual(upTo(49).map(() => ({ ...taken, outcome: "repeated" })));
    });

    it("may bear the largest numbers there are", async () => {
      const { store } = open();
      const { hash } = await aNumberedSession(0);
      const large = Number.MAX_SAFE_INTEGER - 1;
      const [first, next] = [aDatagram(), aDatagram()];
      await store.takeSequence(hash, large, first);
      await store.takeSequence(hash, large + 1, next);
      for (const [seq, attempt] of [
        [large, first],
        [large + 1, next],
      ] as const) {
        const again = await store.takeSequence(hash, seq, { ...attempt, messageId: "1" });
        expect(again).toEqual({ outcome: "repeated", messageId: attempt.messageId });
      }
    });

    it("of 200 numbers in a row is known for the last window of them", async () => {
      const { store, second } = open();
      const { hash } = await aNumberedSession(0);
      const sent = upTo(200).map(() => aDatagram());
      for (const [seq, attempt] of sent.entries()) await store.takeSequence(hash, seq, attempt);
      const again = await atOnce(200, (seq) => second.takeSequence(hash, seq, sent[seq] ?? aDatagram()));
      const known = sent.map(({ messageId }, seq) =>
        seq < 200 - WINDOW ? { outcome: "replayed" } : { outcome: "repeated", messageId },
      );
      expect(again).toEqual(known);
    });
  });
}
