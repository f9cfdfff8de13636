import type { DeviceRef } from "@trine/core/certificate";
import type { Mailbox } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aMailboxMessage, ROOMY } from "./a-mailbox-message.ts";
import { type MakeContract, openContract } from "./contract.ts";
import { describeMailboxReports } from "./describe-mailbox-reports.ts";
import { describeMailboxStates } from "./describe-mailbox-states.ts";
import { describeMailboxTakers } from "./describe-mailbox-takers.ts";
import { aDeviceRef, aMessageId, atOnce, randomName, upTo } from "./fixtures.ts";

/** Every promise of the port `Mailbox`. */
export function describeMailbox(name: string, make: MakeContract<Mailbox>): void {
  describe(`Mailbox: ${name}`, () => {
    const open = openContract(make);
    describeMailboxStates(open);
    describeMailboxTakers(open);
    describeMailboxReports(open);

    const put = (device: DeviceRef, given = {}, limits = ROOMY) =>
      open().store.put(device, aMailboxMessage(given), limits);
    const waiting = async (device: DeviceRef, page = {}) =>
      open().second.pending(device, { limit: 1_000, nowMs: Date.now(), ...page });
    const idsOf = async (device: DeviceRef, page = {}) =>
      (await waiting(device, page)).map(({ messageId }) => messageId);

    it("gives a message back as it was put, to another process too", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const message = aMailboxMessage({ payload: Buffer.from([0, 1, 254, 255]), topic: "/a/空/b" });
      expect(await store.put(device, message, ROOMY)).toEqual({ outcome: "stored", messageId: message.messageId });
      expect(await waiting(device)).toEqual([{ ...message, position: expect.any(Number) }]);
    });

    it("keeps an empty payload and the largest message id", async () => {
      const device = aDeviceRef();
      await put(device, { payload: Buffer.alloc(0), messageId: "9223372036854775807" });
      expect(await waiting(device)).toMatchObject([{ payload: Buffer.alloc(0), messageId: "9223372036854775807" }]);
    });

    it("reads messages in the order they were put, page by page, and reading removes none", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const ids = upTo(7).map(aMessageId);
      for (const [i, messageId] of ids.entries()) {
        await (i % 2 ? store : second).put(device, aMailboxMessage({ messageId }), ROOMY);
      }
      const first = await waiting(device, { limit: 3 });
      const rest = await waiting(device, { limit: 10, after: first.at(-1)?.position });
      const all = [...first, ...rest];
      expect(all.map(({ messageId }) => messageId)).toEqual(ids);
      expect(
        all.every(({ position }, i) => Number.isSafeInteger(position) && position > (all[i - 1]?.position ?? -1)),
      ).toBe(true);
      expect(await waiting(device, { after: all.at(-1)?.position })).toEqual([]);
      expect(await idsOf(device)).toEqual(ids);
    });

    it("never gives a position out twice, also after the mailbox was empty", async () => {
      const { store } = open();
      const device = aDeviceRef();
      await put(device, { messageId: "1" });
      const [first] = await waiting(device);
      await store.acknowledge(device, "1", Date.now());
      await put(device, { messageId: "2" });
      const [next] = await waiting(device, { after: first?.position });
      expect(next?.messageId).toBe("2");
    });

    it("keeps the mailboxes of devices apart", async () => {
      const device = aDeviceRef();
      const neighbour = aDeviceRef(device.productKey, `${device.deviceName}2`);
      await put(device);
      expect(await waiting(neighbour)).toEqual([]);
    });

    it("refuses a message beyond the count, and stores nothing of it", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const limits = { maxMessages: 2, maxBytes: 1_000_000 };
      for (const messageId of ["1", "2"])
        expect(await put(device, { messageId }, limits)).toMatchObject({ outcome: "stored" });
      expect(await put(device, { messageId: "3" }, limits)).toEqual({ outcome: "full" });
      expect(await store.status(device, "3", Date.now())).toBeUndefined();
      await store.acknowledge(device, "1", Date.now());
      expect(await put(device, { messageId: "4" }, limits)).toMatchObject({ outcome: "stored" });
      expect(await idsOf(device)).toEqual(["2", "4"]);
    });

    it("refuses a message beyond the payload bytes, to the byte", async () => {
      const device = aDeviceRef();
      const limits = { maxMessages: 100, maxBytes: 100 };
      const ofBytes = (bytes: number) => put(device, { payload: Buffer.alloc(bytes, 1) }, limits);
      expect(await ofBytes(101)).toEqual({ outcome: "full" });
      expect(await ofBytes(60)).toMatchObject({ outcome: "stored" });
      expect(await ofBytes(41)).toEqual({ outcome: "full" });
      expect(await ofBytes(40)).toMatchObject({ outcome: "stored" });
      expect(await ofBytes(1)).toEqual({ outcome: "full" });
    });

    it("does not count messages past their time", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const limits = { maxMessages: 1, maxBytes: 10 };
      const now = Date.now();
      await store.put(
        device,
        aMailboxMessage({ messageId: "1", createdAtMs: now - 2_000, expiresAtMs: now - 1_000 }),
        limits,
      );
      expect(await put(device, { messageId: "2" }, limits)).toMatchObject({ outcome: "stored" });
      expect(await idsOf(device)).toEqual(["2"]);
    });

    it("never goes over the limits when 60 senders put at once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const limits = { maxMessages: 10, maxBytes: 1_000_000 };
      const answers = await atOnce(60, (i) => (i % 2 ? store : second).put(device, aMailboxMessage(), limits));
      expect(answers.filter(({ outcome }) => outcome === "stored")).toHaveLength(10);
      expect(answers.filter(({ outcome }) => outcome === "full")).toHaveLength(50);
      expect(await waiting(device)).toHaveLength(10);
    });

    it("stores one message of one idempotency key, of 40 simultaneous senders", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const idempotencyKey = randomName();
      const answers = await atOnce(40, (i) =>
        (i % 2 ? store : second).put(device, { ...aMailboxMessage(), idempotencyKey }, ROOMY),
      );
      const stored = answers.filter(({ outcome }) => outcome === "stored");
      expect(stored).toHaveLength(1);
      expect(new Set(answers.map((answer) => "messageId" in answer && answer.messageId)).size).toBe(1);
      expect(await waiting(device)).toHaveLength(1);
    });

    it("knows an idempotency key also after the message was delivered, when the mailbox is full, and per device", async () => {
      const { store } = open();
      const [device, other] = [aDeviceRef(), aDeviceRef()];
      const idempotencyKey = randomName();
      const limits = { maxMessages: 1, maxBytes: 1_000 };
      const again = (to: DeviceRef) =>
        store.put(to, { ...aMailboxMessage({ messageId: "2" }), idempotencyKey }, limits);
      await store.put(device, { ...aMailboxMessage({ messageId: "1" }), idempotencyKey }, limits);
      expect(await again(device)).toEqual({ outcome: "existing", messageId: "1" });
      await store.acknowledge(device, "1", Date.now());
      expect(await again(device)).toEqual({ outcome: "existing", messageId: "1" });
      expect(await again(other)).toEqual({ outcome: "stored", messageId: "2" });
    });

    it("drops everything of a deleted device, and of no other", async () => {
      const { store } = open();
      const [device, other] = [aDeviceRef(), aDeviceRef()];
      const idempotencyKey = randomName();
      const keyed = (messageId: string) => ({ ...aMailboxMessage({ messageId }), idempotencyKey });
      await store.put(device, keyed("1"), ROOMY);
      await put(other, { messageId: "1" });
      await store.clear(device);
      expect(await waiting(device)).toEqual([]);
      expect(await store.status(device, "1", Date.now())).toBeUndefined();
      expect(await store.put(device, keyed("2"), ROOMY)).toEqual({ outcome: "stored", messageId: "2" });
      expect(await idsOf(other)).toEqual(["1"]);
    });
  });
}
