import type { DeviceRef } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { describeUplinkGroups } from "./describe-uplink-groups.ts";
import { describeUplinkLeases } from "./describe-uplink-leases.ts";
import { describeUplinkOnce } from "./describe-uplink-once.ts";
import { describeUplinkSharing } from "./describe-uplink-sharing.ts";
import { describeUplinkWatching } from "./describe-uplink-watching.ts";
import { aDeviceRef, anUplink, aProductKey, atOnce, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

/** Every promise of the port `UplinkLog`. The last cases trim, so the log must be the suite's own. */
export function describeUplinkLog(name: string, make: MakeContract<UplinkLog>): void {
  describe(`UplinkLog: ${name}`, () => {
    const open = openContract(make);

    const append = (device: DeviceRef, text: string, log = open().store) =>
      log.append(anUplink(device, { payload: Buffer.from(text) }));

    it("gives a message back as it was appended, with an id, to another process too", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const messages = [
        anUplink(device, { payload: Buffer.from([0, 1, 254, 255]), topic: "/a/空/b", qos: 0, transport: "radio" }),
        anUplink(device, { payload: Buffer.alloc(0), messageId: "9223372036854775807" }),
        anUplink(device, { payload: Buffer.alloc(256 * 1024, 7) }),
      ];
      for (const message of messages) await store.append(message);
      const items = await aReader(second, { productKey: device.productKey }).read(10);
      expect(items).toEqual(messages.map((message) => ({ ...message, id: expect.any(String) })));
    });

    it("keeps the order of every device, also of one that moves between two nodes", async () => {
      const { store, second } = open();
      const productKey = aProductKey();
      const devices = upTo(5).map(() => aDeviceRef(productKey));
      for (const i of upTo(20)) for (const device of devices) await append(device, `${i}`, i % 2 ? store : second);
      const items = await aReader(store, { productKey }).drain();
      for (const { deviceName } of devices) {
        expect(textsOf(items.filter((item) => item.deviceName === deviceName))).toEqual(upTo(20).map(String));
      }
    });

    it("loses none of 200 messages that are appended at once, and keeps each once", async () => {
      const { store, second } = open();
      const productKey = aProductKey();
      await atOnce(200, (i) => append(aDeviceRef(productKey), `${i}`, i % 2 ? store : second));
      const items = await aReader(store, { productKey }).drain();
      expect(
        textsOf(items)
          .map(Number)
          .toSorted((a, b) => a - b),
      ).toEqual(upTo(200));
      expect(new Set(items.map(({ id }) => id)).size).toBe(200);
    });

    it("hands out at most what was asked for, and nothing when there is nothing", async () => {
      const { store } = open();
      const productKey = aProductKey();
      const reader = aReader(store, { productKey });
      expect(await reader.read(10)).toEqual([]);
      for (const i of upTo(30)) await append(aDeviceRef(productKey), `${i}`);
      expect(await reader.read(4)).toHaveLength(4);
      expect(await reader.read(100)).toHaveLength(26);
      expect(await reader.read(100)).toEqual([]);
    });

    it("gives each of 400 messages to one of six racing consumers, in the order of its device", async () => {
      const { store, second } = open();
      const productKey = aProductKey();
      const devices = upTo(20).map(() => aDeviceRef(productKey));
      for (const i of upTo(20)) await Promise.all(devices.map((device) => append(device, `${i}`)));
      const received: UplinkItem[] = [];
      const { group } = aReader(store, { productKey });
      await store.putGroup(group, { from: "earliest", ackDeadlineMs: 60_000 });
      await atOnce(6, async (i) => {
        const reader = aReader(i % 2 ? store : second, { productKey, group, consumer: `consumer ${i}` });
        while (received.length < 400) {
          const items = await reader.read(9);
          received.push(...items);
          await reader.acknowledge(items);
        }
      });
      expect(received).toHaveLength(400);
      for (const { deviceName } of devices) {
        expect(textsOf(received.filter((item) => item.deviceName === deviceName))).toEqual(upTo(20).map(String));
      }
    });

    describeUplinkOnce(open);
    describeUplinkLeases(open);
    describeUplinkSharing(open);
    describeUplinkGroups(open);
    describeUplinkWatching(open);
  });
}
