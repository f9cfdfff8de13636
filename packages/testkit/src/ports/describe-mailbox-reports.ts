import type { DeviceRef } from "@trine/core/certificate";
import type { Mailbox } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aMailboxMessage, ROOMY } from "./a-mailbox-message.ts";
import { aDeviceRef, randomName } from "./fixtures.ts";

const EVERYTHING = 100_000;

/** Whose end `Mailbox.ended` tells. */
export function describeMailboxReports(open: () => { store: Mailbox; second: Mailbox }): void {
  const put = (device: DeviceRef, given: Parameters<typeof aMailboxMessage>[0] & { report?: boolean } = {}) => {
    const { report = true, ...message } = given;
    return open().store.put(device, { ...aMailboxMessage(message), report }, ROOMY);
  };
  /** Ids of those of the device, in order; the store may hold others. */
  async function ended(device: DeviceRef, nowMs = Date.now()): Promise<readonly string[]> {
    const all = await open().second.ended({ nowMs, limit: EVERYTHING });
    return all.flatMap((each) => (each.device.deviceName === device.deviceName ? [each.messageId] : []));
  }

  describe("reports of a message's end", () => {
    it("names what was delivered or expired, and was put with a report, in the order in which it ended", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const now = Date.now();
      await put(device, { messageId: "1" });
      await put(device, { messageId: "2", createdAtMs: now - 2_000, expiresAtMs: now - 500 });
      await put(device, { messageId: "3" });
      await put(device, { messageId: "4", report: false });
      expect(await ended(device)).toEqual(["2"]);
      for (const messageId of ["3", "4"]) await store.acknowledge(device, messageId, now);
      expect(await ended(device)).toEqual(["2", "3"]);
      expect(await ended(device, now + 3_700_000)).toEqual(["2", "3", "1"]);
    });

    it("names a message until it was reported, and at most as many as asked for", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      for (const messageId of ["1", "2"]) {
        await put(device, { messageId });
        await store.acknowledge(device, messageId, Date.now());
      }
      expect(await ended(device)).toEqual(["1", "2"]);
      await second.reported(device, "1");
      expect(await ended(device)).toEqual(["2"]);
      await store.reported(device, "1");
      expect(await store.ended({ nowMs: Date.now(), limit: 1 })).toHaveLength(1);
    });

    it("does not name what was not stored", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const idempotencyKey = randomName();
      const late = Date.now() + 3_700_000;
      const message = (messageId: string) => ({ ...aMailboxMessage({ messageId }), report: true });
      await store.put(device, { ...message("1"), idempotencyKey }, ROOMY);
      await store.put(device, { ...message("2"), idempotencyKey }, ROOMY);
      await store.put(device, message("3"), { maxMessages: 1, maxBytes: 1_000 });
      expect(await ended(device, late)).toEqual(["1"]);
    });

    it("lets a message be reported whose device was deleted", async () => {
      const { store } = open();
      const device = aDeviceRef();
      await put(device, { messageId: "1" });
      await store.clear(device);
      await store.reported(device, "1");
      expect(await ended(device, Date.now() + 3_700_000)).toEqual([]);
    });
  });
}
