import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { partitionOf, shareOf } from "@trine/core/messaging";
import type { UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDeviceRef, anUplink, atOnce, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

const DEADLINE_MS = 1_000;

/** Who gets what within a group, and when: leases, acknowledgement and redelivery of `UplinkLog`. */
export function describeUplinkLeases(open: () => { store: UplinkLog; second: UplinkLog }): void {
  /** One device's messages `1` to `count`, and two consumers of a group in two processes. While both read, its partition is `b`'s. */
  async function aGroupOfTwo(count: number) {
    const { store, second } = open();
    const device = aDeviceInTheShareOf("b");
    const { productKey } = device;
    const add = (text: string) => store.append(anUplink(device, { payload: Buffer.from(text) }));
    for (const i of upTo(count)) await add(`${i + 1}`);
    const a = aReader(store, { productKey, consumer: "a" });
    const b = aReader(second, { productKey, group: a.group, consumer: "b" });
    await store.putGroup(a.group, { from: "earliest", ackDeadlineMs: DEADLINE_MS });
    // Wall clock: a server's own idea of now may take part.
    return { a, b, add, t: Date.now(), device };
  }

  describe("leases", () => {
    it("give the consumer that holds a partition more of it, and others none while messages are out", async () => {
      const { a, b, t } = await aGroupOfTwo(5);
      const first = await a.read(2, { nowMs: t });
      expect(textsOf(first)).toEqual(["1", "2"]);
      const more = await a.read(1, { nowMs: t });
      expect(textsOf(more)).toEqual(["3"]);
      expect(await b.read(10, { nowMs: t })).toEqual([]);
      await a.acknowledge(first);
      expect(await b.read(10, { nowMs: t })).toEqual([]);
      await a.acknowledge(more);
      expect(textsOf(await b.read(10, { nowMs: t }))).toEqual(["4", "5"]);
      expect(await a.read(10, { nowMs: t })).toEqual([]);
    });

    it("go to exactly one of 20 simultaneous consumers", async () => {
      const { store, second } = open();
      const { a, t, device } = await aGroupOfTwo(20);
      const reads = await atOnce(20, (i) =>
        aReader(i % 2 ? store : second, {
          productKey: device.productKey,
          group: a.group,
          consumer: `consumer ${i}`,
        }).read(1, { nowMs: t }),
      );
      expect(textsOf(reads.flat())).toEqual(["1"]);
    });

    it("end at the deadline of the oldest message: delivery starts again at the oldest unacknowledged", async () => {
      const { a, b, t } = await aGroupOfTwo(4);
      const [one, two, three] = await a.read(3, { nowMs: t });
      if (!one || !two || !three) throw new Error("three messages are out");
      expect(await a.acknowledge([two])).toBe(1);
      expect(await b.read(10, { nowMs: t + DEADLINE_MS - 1 })).toEqual([]);
      const again = textsOf(await b.read(10, { nowMs: t + DEADLINE_MS + 1 }));
      // At least once: what was acknowledged behind an older message may come again, but nothing may be missing or out of order.
      expect(again.filter((text) => text !== "2")).toEqual(["1", "3", "4"]);
      expect(again).toEqual(again.toSorted());
      expect(await a.read(10, { nowMs: t + DEADLINE_MS + 2 })).toEqual([]);
    });

    it("go to whoever reads next, the late consumer included", async () => {
      const { a, b, t } = await aGroupOfTwo(2);
      await a.read(2, { nowMs: t });
      expect(textsOf(await a.read(1, { nowMs: t + DEADLINE_MS + 1 }))).toEqual(["1"]);
      expect(textsOf(await a.read(10, { nowMs: t + DEADLINE_MS + 2 }))).toEqual(["2"]);
      expect(await b.read(10, { nowMs: t + DEADLINE_MS + 3 })).toEqual([]);
    });

    it("count the deadline from the oldest message that is out, not from the newest", async () => {
      const { a, b, t } = await aGroupOfTwo(2);
      const [one] = await a.read(1, { nowMs: t });
      if (!one) throw new Error("a message is out");
      await a.read(1, { nowMs: t + 900 });
      await a.acknowledge([one]);
      expect(await b.read(10, { nowMs: t + DEADLINE_MS + 1 })).toEqual([]);
      expect(textsOf(await b.read(10, { nowMs: t + 900 + DEADLINE_MS + 1 }))).toEqual(["2"]);
    });

    it("start again at the deadline with every message that is out, also those read later", async () => {
      const { a, b, t } = await aGroupOfTwo(2);
      await a.read(1, { nowMs: t });
      await a.read(1, { nowMs: t + 900 });
      expect(textsOf(await b.read(10, { nowMs: t + DEADLINE_MS + 1 }))).toEqual(["1", "2"]);
    });

    it("go on for ever when nobody acknowledges", async () => {
      const { a, b, t } = await aGroupOfTwo(1);
      for (const round of upTo(5)) {
        const reader = round % 2 ? a : b;
        expect(textsOf(await reader.read(1, { nowMs: t + round * 2 * DEADLINE_MS }))).toEqual(["1"]);
      }
    });
  });

  describe("acknowledging", () => {
    it("works out of order, and what is acknowledged is not given again", async () => {
      const { a, b, t, add } = await aGroupOfTwo(4);
      const items = await a.read(4, { nowMs: t });
      expect(await a.acknowledge(items.toReversed())).toBe(4);
      expect(await b.read(10, { nowMs: t + 10 * DEADLINE_MS })).toEqual([]);
      await add("5");
      expect(textsOf(await b.read(10, { nowMs: t + 10 * DEADLINE_MS }))).toEqual(["5"]);
    });

    it("may be done by another process, and counts each message once", async () => {
      const { a, b, t } = await aGroupOfTwo(2);
      const items = await a.read(2, { nowMs: t });
      expect(await b.acknowledge(items)).toBe(2);
      expect(await a.acknowledge(items)).toBe(0);
      const { a: c, t: now } = await aGroupOfTwo(1);
      const out = await c.read(1, { nowMs: now });
      expect(await c.acknowledge([...out, ...out])).toBe(1);
    });

    it("counts a message for exactly one of 20 simultaneous callers", async () => {
      const { a, b, t } = await aGroupOfTwo(3);
      const items = await a.read(3, { nowMs: t });
      const counts = await atOnce(20, (i) => (i % 2 ? a : b).acknowledge(items));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    });

    it("does not count what is not out in the group, or cannot be read", async () => {
      const { store } = open();
      const { a, t, device } = await aGroupOfTwo(2);
      const other = aReader(store, { productKey: device.productKey });
      const [item] = await a.read(1, { nowMs: t });
      if (!item) throw new Error("a message is out");
      expect(await other.acknowledge([item])).toBe(0);
      expect(await store.acknowledge("no such group", [item.id])).toBe(0);
      const broken = ["", "x", "0", "99-99", "-1", "1-0", "a b", `${item.id}x`, "9".repeat(300), "\0"];
      expect(await store.acknowledge(a.group, broken)).toBe(0);
      expect(await store.acknowledge(a.group, [])).toBe(0);
      expect(await store.acknowledge(a.group, [...broken, item.id])).toBe(1);
    });
  });
}

function aDeviceInTheShareOf(consumer: "a" | "b"): DeviceRef {
  const share = shareOf(["a", "b"], consumer);
  for (;;) {
    const device = aDeviceRef();
    if (share.has(partitionOf(deviceKey(device)))) return device;
  }
}
