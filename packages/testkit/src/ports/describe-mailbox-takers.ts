import type { Mailbox } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aMailboxMessage, claim, ROOMY } from "./a-mailbox-message.ts";
import { aDeviceRef, atOnce } from "./fixtures.ts";

/** One taker at a time: `claim` and `letGo` of `Mailbox`. */
export function describeMailboxTakers(open: () => { store: Mailbox; second: Mailbox }): void {
  /** A device for which messages wait, in order. */
  async function aMailboxOf(count: number, given: { expiresAtMs?: number } = {}) {
    const device = aDeviceRef();
    const messages = Array.from({ length: count }, () => aMailboxMessage(given));
    for (const message of messages) await open().store.put(device, message, ROOMY);
    return { device, ids: messages.map(({ messageId }) => messageId) };
  }

  const one = { id: "one" };
  const two = { id: "two" };

  describe("takers of a mailbox", () => {
    it("get what they ask for, in that order, as often as they ask", async () => {
      const { store } = open();
      const { device, ids } = await aMailboxOf(3);
      expect(await claim(store, device, ids.slice(0, 2), { taker: one })).toEqual(ids.slice(0, 2));
      expect(await claim(store, device, ids, { taker: one })).toEqual(ids);
    });

    it("get nothing while something is out to another one", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(2);
      await claim(store, device, ids.slice(0, 1), { taker: one });
      expect(await claim(second, device, ids, { taker: two })).toEqual([]);
      expect(await claim(second, device, ids.slice(1), { taker: two })).toEqual([]);
    });

    it("take turns when all that was out is acknowledged", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(3);
      await claim(store, device, ids.slice(0, 2), { taker: one });
      await store.acknowledge(device, ids[0] ?? "", Date.now());
      expect(await claim(second, device, ids.slice(2), { taker: two })).toEqual([]);
      await second.acknowledge(device, ids[1] ?? "", Date.now());
      expect(await claim(second, device, ids.slice(2), { taker: two })).toEqual(ids.slice(2));
      expect(await claim(store, device, ids.slice(2), { taker: one })).toEqual([]);
    });

    it("lose what is out when their lease ends, to be taken again from the oldest", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(2);
      const now = Date.now();
      await claim(store, device, ids, { taker: one, nowMs: now, leaseMs: 5_000 });
      expect(await claim(second, device, ids, { taker: two, nowMs: now + 4_999 })).toEqual([]);
      expect(await claim(second, device, ids.slice(0, 1), { taker: two, nowMs: now + 5_000 })).toEqual(ids.slice(0, 1));
      expect(await claim(store, device, ids.slice(1), { taker: one, nowMs: now + 5_001 })).toEqual([]);
    });

    it("renew their lease with each claim", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(2);
      const now = Date.now();
      await claim(store, device, ids.slice(0, 1), { taker: one, nowMs: now, leaseMs: 5_000 });
      await claim(store, device, ids.slice(1), { taker: one, nowMs: now + 4_000, leaseMs: 5_000 });
      expect(await claim(second, device, ids, { taker: two, nowMs: now + 8_999 })).toEqual([]);
      expect(await claim(second, device, ids, { taker: two, nowMs: now + 9_000 })).toEqual(ids);
    });

    it("that are gone leave the mailbox at once, and cannot send others away", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(1);
      await claim(store, device, ids, { taker: one });
      await second.letGo(device, two.id);
      expect(await claim(second, device, ids, { taker: two })).toEqual([]);
      await store.letGo(device, one.id);
      expect(await claim(second, device, ids, { taker: two })).toEqual(ids);
      await store.letGo(device, one.id);
      expect(await claim(store, device, ids, { taker: one })).toEqual([]);
    });

    it("give way to a newer connection only, and never to one that is no connection", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(1);
      const connection = (epoch: number) => ({ id: `connection ${epoch}`, epoch });
      await claim(store, device, ids, { taker: connection(7) });
      expect(await claim(second, device, ids, { taker: connection(6) })).toEqual([]);
      expect(await claim(second, device, ids, { taker: two })).toEqual([]);
      expect(await claim(second, device, ids, { taker: connection(8) })).toEqual(ids);
      expect(await claim(store, device, ids, { taker: connection(7) })).toEqual([]);
    });

    it("give way to a newer one of their own line, and to no connection", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(1);
      const login = (line: string, epoch: number) => ({ id: `${line} ${epoch}`, line, epoch });
      await claim(store, device, ids, { taker: login("radio", 7) });
      expect(await claim(second, device, ids, { taker: login("radio", 6) })).toEqual([]);
      expect(await claim(second, device, ids, { taker: login("wire", 8) })).toEqual([]);
      expect(await claim(second, device, ids, { taker: { id: "connection", epoch: 9 } })).toEqual([]);
      expect(await claim(second, device, ids, { taker: login("radio", 8) })).toEqual(ids);
      await store.letGo(device, "radio 8");
      await claim(store, device, ids, { taker: { id: "connection", epoch: 1 } });
      expect(await claim(second, device, ids, { taker: login("radio", 9) })).toEqual([]);
    });

    it("do not stand in the way with messages whose time is past", async () => {
      const { store, second } = open();
      const now = Date.now();
      const { device, ids } = await aMailboxOf(1, { expiresAtMs: now + 1_000 });
      const later = aMailboxMessage();
      await store.put(device, later, ROOMY);
      await claim(store, device, ids, { taker: one, nowMs: now });
      expect(await claim(second, device, [later.messageId], { taker: two, nowMs: now + 999 })).toEqual([]);
      const given = await claim(second, device, [...ids, later.messageId], { taker: two, nowMs: now + 1_001 });
      expect(given).toEqual([later.messageId]);
    });

    it("that ask for nothing that waits hold nothing", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(1);
      expect(await claim(store, device, ["1"], { taker: one })).toEqual([]);
      expect(await claim(store, aDeviceRef(), ids, { taker: one })).toEqual([]);
      expect(await claim(second, device, ids, { taker: two })).toEqual(ids);
    });

    it("are one of 50 that ask at once", async () => {
      const { store, second } = open();
      const { device, ids } = await aMailboxOf(3);
      const given = await atOnce(50, (i) =>
        claim(i % 2 ? store : second, device, ids, { taker: { id: `taker ${i}` } }),
      );
      expect(given.filter((each) => each.length > 0)).toEqual([ids]);
    });
  });
}
