import type { GroupInfo, UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDeviceRef, anUplink, aProductKey, atOnce, randomName, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

/** Groups of `UplinkLog`: where they start, what they see, what is told about them. */
export function describeUplinkGroups(open: () => { store: UplinkLog; second: UplinkLog }): void {
  const text = (payload: string) => ({ payload: Buffer.from(payload) });
  const infoOf = async (group: string): Promise<GroupInfo | undefined> =>
    (await open().second.listGroups()).find((info) => info.group === group);

  describe("groups", () => {
    it("start at the earliest when they are read first, each for itself", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      for (const i of upTo(3)) await store.append(anUplink(device, text(`${i}`)));
      for (const log of [store, second]) {
        const reader = aReader(log, device);
        expect(textsOf(await reader.drain())).toEqual(["0", "1", "2"]);
        expect(await infoOf(reader.group)).toMatchObject({ from: "earliest", lag: 0 });
      }
    });

    it("that start at the latest see only what comes after they were made", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const group = randomName();
      await store.append(anUplink(device, text("before")));
      await store.putGroup(group, { from: "latest", ackDeadlineMs: 5_000 });
      await store.append(anUplink(device, text("after")));
      expect(textsOf(await aReader(store, { ...device, group }).drain())).toEqual(["after"]);
    });

    it("keep their position when their deadline is changed", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const reader = aReader(store, device);
      await store.append(anUplink(device, text("1")));
      expect(textsOf(await reader.drain())).toEqual(["1"]);
      await store.append(anUplink(device, text("2")));
      await store.putGroup(reader.group, { from: "latest", ackDeadlineMs: 7_000 });
      expect((await infoOf(reader.group))?.ackDeadlineMs).toBe(7_000);
      expect(textsOf(await reader.drain())).toEqual(["2"]);
    });

    it("are deleted once; one that is read again starts anew", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const reader = aReader(store, device);
      await store.append(anUplink(device, text("1")));
      await reader.read(10);
      expect(await second.deleteGroup(reader.group)).toBe(true);
      expect(await store.deleteGroup(reader.group)).toBe(false);
      expect(await infoOf(reader.group)).toBeUndefined();
      expect(textsOf(await reader.drain())).toEqual(["1"]);
    });

    it("tell their lag until messages are acknowledged, and who reads them", async () => {
      const { store } = open();
      const group = randomName();
      const device = aDeviceRef();
      await store.putGroup(group, { from: "latest", ackDeadlineMs: 60_000 });
      expect(await infoOf(group)).toEqual({
        group,
        from: "latest",
        ackDeadlineMs: 60_000,
        lag: 0,
        oldestUnreadAtMs: undefined,
        consumers: [],
        productKey: undefined,
      });
      for (const i of upTo(5)) await store.append(anUplink(device, text(`${i}`)));
      expect((await infoOf(group))?.lag).toBe(5);
      const reader = aReader(store, { group, consumer: "left" });
      const items = await reader.read(3);
      expect((await infoOf(group))?.lag).toBe(5);
      await reader.acknowledge(items.slice(0, 2));
      expect(await infoOf(group)).toMatchObject({ lag: 3, consumers: ["left"] });
      await reader.acknowledge(items);
      await reader.drain();
      expect((await infoOf(group))?.lag).toBe(0);
      await store.deleteGroup(group);
    });

    it("tell when the oldest message came that is not acknowledged, whether it is out or not", async () => {
      const { store } = open();
      const group = randomName();
      await store.putGroup(group, { from: "latest", ackDeadlineMs: 60_000 });
      const [early, late] = [aDeviceRef(), aDeviceRef()];
      const before = Date.now();
      await store.append(anUplink(early));
      const between = await nextMillisecond();
      await store.append(anUplink(late));
      const oldest = async () => (await infoOf(group))?.oldestUnreadAtMs ?? Number.NaN;
      expect(await oldest()).toBeGreaterThanOrEqual(before);
      expect(await oldest()).toBeLessThan(between);
      const reader = aReader(store, { group });
      const items = await reader.read(10);
      expect(await oldest()).toBeLessThan(between);
      await reader.acknowledge(items.filter(({ deviceName }) => deviceName === early.deviceName));
      expect(await oldest()).toBeGreaterThanOrEqual(between);
      await reader.acknowledge(items);
      expect(await oldest()).toBeNaN();
      await store.deleteGroup(group);
    });

    it("see the one product that their first read named, and refuse every other filter", async () => {
      const { store, second } = open();
      const [mine, other] = [aDeviceRef(), aDeviceRef()];
      const reader = aReader(store, mine);
      await store.putGroup(reader.group, { from: "earliest", ackDeadlineMs: 5_000 });
      for (const i of upTo(10)) for (const device of [mine, other]) await store.append(anUplink(device, text(`${i}`)));
      const items = await reader.drain();
      expect(textsOf(items)).toEqual(upTo(10).map(String));
      expect(items.every(({ productKey }) => productKey === mine.productKey)).toBe(true);
      const ask = { consumer: "a", count: 10, nowMs: Date.now() };
      expect(await second.read(reader.group, { ...ask, productKey: other.productKey })).toBe("filter_differs");
      expect(await second.read(reader.group, ask)).toBe("filter_differs");
      expect((await infoOf(reader.group))?.productKey).toBe(mine.productKey);
    });

    it("that were read without a product refuse one", async () => {
      const { store } = open();
      const group = randomName();
      await store.putGroup(group, { from: "latest", ackDeadlineMs: 5_000 });
      const ask = { consumer: "a", count: 10, nowMs: Date.now() };
      expect(await store.read(group, ask)).toEqual([]);
      expect(await store.read(group, { ...ask, productKey: aProductKey() })).toBe("filter_differs");
      expect(await store.read(group, ask)).toEqual([]);
      await store.deleteGroup(group);
    });

    it("are bound to one product when two first reads name two at once", async () => {
      const { store, second } = open();
      const group = randomName();
      const answers = await atOnce(20, (i) =>
        (i % 2 ? store : second).read(group, {
          consumer: `${i}`,
          count: 1,
          nowMs: Date.now(),
          productKey: aProductKey(),
        }),
      );
      expect(answers.filter((answer) => answer !== "filter_differs")).toEqual([[]]);
    });
  });
}

/** Waits until the clock has gone on. @returns the time then. */
async function nextMillisecond(): Promise<number> {
  const start = Date.now();
  await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(start);
  return Date.now();
}
