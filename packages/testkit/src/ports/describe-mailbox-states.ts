import type { Mailbox } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aMailboxMessage, claim, ROOMY } from "./a-mailbox-message.ts";
import { aDeviceRef, atOnce } from "./fixtures.ts";

/** `queued -> sent -> delivered | expired`: the states of `Mailbox`. */
export function describeMailboxStates(open: () => { store: Mailbox; second: Mailbox }): void {
  async function aWaiting(given: { createdAtMs?: number; expiresAtMs?: number } = {}) {
    const device = aDeviceRef();
    const message = aMailboxMessage(given);
    const { messageId, topic, createdAtMs, expiresAtMs } = message;
    await open().store.put(device, message, ROOMY);
    const status = async (nowMs = Date.now()) => open().second.status(device, messageId, nowMs);
    const facts = { messageId, topic, qos: 1, createdAtMs, expiresAtMs };
    return { device, messageId, facts, status };
  }

  describe("states of a message", () => {
    it("goes from queued to sent to delivered, each with its time", async () => {
      const { store } = open();
      const { device, messageId, facts, status } = await aWaiting();
      const at = facts.createdAtMs;
      expect(await status()).toEqual({ ...facts, state: "queued", changedAtMs: at });
      expect(await claim(store, device, [messageId], { nowMs: at + 10 })).toEqual([messageId]);
      expect(await status()).toEqual({ ...facts, state: "sent", changedAtMs: at + 10 });
      expect(await store.acknowledge(device, messageId, at + 20)).toBe(true);
      expect(await status()).toEqual({ ...facts, state: "delivered", changedAtMs: at + 20 });
    });

    it("may be delivered without having been marked as sent", async () => {
      const { store } = open();
      const { device, messageId, status } = await aWaiting();
      expect(await store.acknowledge(device, messageId, Date.now())).toBe(true);
      expect((await status())?.state).toBe("delivered");
      expect(await store.pending(device, { limit: 10, nowMs: Date.now() })).toEqual([]);
    });

    it("waits on when it was sent, and became so the first time", async () => {
      const { store } = open();
      const { device, messageId, facts, status } = await aWaiting();
      expect(await claim(store, device, [messageId, "1"], { nowMs: facts.createdAtMs + 10 })).toEqual([messageId]);
      expect(await claim(store, device, [messageId], { nowMs: facts.createdAtMs + 20 })).toEqual([messageId]);
      expect((await status())?.changedAtMs).toBe(facts.createdAtMs + 10);
      expect(await store.pending(device, { limit: 10, nowMs: Date.now() })).toHaveLength(1);
      expect(await claim(store, device, [])).toEqual([]);
    });

    it("does not go back from delivered to sent", async () => {
      const { store } = open();
      const { device, messageId, status } = await aWaiting();
      await store.acknowledge(device, messageId, Date.now());
      expect(await claim(store, device, [messageId])).toEqual([]);
      expect((await status())?.state).toBe("delivered");
    });

    it("is delivered to exactly one of 50 simultaneous acknowledgements", async () => {
      const { store, second } = open();
      const { device, messageId } = await aWaiting();
      const answers = await atOnce(50, (i) => (i % 2 ? store : second).acknowledge(device, messageId, Date.now()));
      expect(answers.filter(Boolean)).toHaveLength(1);
    });

    it("acknowledges nothing that does not wait", async () => {
      const { store } = open();
      const { messageId } = await aWaiting();
      expect(await store.acknowledge(aDeviceRef(), messageId, Date.now())).toBe(false);
      expect(await store.status(aDeviceRef(), messageId, Date.now())).toBeUndefined();
    });

    it("is expired once its time is past, and cannot be read or delivered any more", async () => {
      const { store } = open();
      const now = Date.now();
      const { device, messageId, facts, status } = await aWaiting({ createdAtMs: now, expiresAtMs: now + 5_000 });
      const page = (nowMs: number) => store.pending(device, { limit: 10, nowMs });
      expect((await status(now + 4_999))?.state).toBe("queued");
      expect(await page(now + 4_999)).toHaveLength(1);
      expect(await status(now + 5_001)).toEqual({ ...facts, state: "expired", changedAtMs: facts.expiresAtMs });
      expect(await page(now + 5_001)).toEqual([]);
      expect(await store.acknowledge(device, messageId, now + 5_001)).toBe(false);
      expect((await status(now + 5_002))?.state).toBe("expired");
    });

    it("stays delivered when its time is past", async () => {
      const { store } = open();
      const { device, messageId, facts, status } = await aWaiting();
      await store.acknowledge(device, messageId, facts.createdAtMs + 1);
      expect((await status(facts.expiresAtMs + 1))?.state).toBe("delivered");
    });

    it("keeps the final state of a message that does not wait", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const now = Date.now();
      for (const [messageId, state] of [
        ["1", "sent"],
        ["2", "expired"],
      ] as const) {
        const noted = { messageId, topic: "/t", qos: 0, state, createdAtMs: now, expiresAtMs: now + 1_000 } as const;
        await store.note(device, noted);
        expect(await second.status(device, messageId, now)).toEqual({ ...noted, changedAtMs: expect.any(Number) });
        expect((await second.status(device, messageId, now + 2_000))?.state).toBe(state);
        expect(await store.acknowledge(device, messageId, now)).toBe(false);
      }
      expect(await store.pending(device, { limit: 10, nowMs: now })).toEqual([]);
    });
  });
}
