import { type DeviceRef, deviceKey, type ProductKey } from "@trine/core/certificate";
import { partitionOf } from "@trine/core/messaging";
import { UPLINK_PARTITIONS, type UplinkItem, type UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDeviceRef, anUplink, aProductKey, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

const DEADLINE_MS = 1_000;

/** How consumers of a group share its partitions: fair hand-out of `UplinkLog`. */
export function describeUplinkSharing(open: () => { store: UplinkLog; second: UplinkLog }): void {
  /** A device in every partition, all of one product, and consumers of a group of their own, in two processes. */
  async function aGroup(consumers: readonly string[]) {
    const { store, second } = open();
    const productKey = aProductKey();
    const devices = aDeviceInEveryPartition(productKey);
    const { group } = aReader(store, { productKey });
    await store.putGroup(group, { from: "earliest", ackDeadlineMs: DEADLINE_MS });
    const readers = consumers.map((consumer, i) => aReader(i % 2 ? second : store, { productKey, group, consumer }));
    /** Every device sends one message with this text. */
    const send = (text: string) =>
      Promise.all(devices.map((device) => store.append(anUplink(device, { payload: Buffer.from(text) }))));
    return { readers, send, t: Date.now() };
  }

  describe("consumers of a group", () => {
    it("get everything at once when they read alone", async () => {
      const { readers, send, t } = await aGroup(["a"]);
      await send("1");
      expect(partitionsOf(await readers[0]?.read(1_000, { nowMs: t }))).toHaveLength(UPLINK_PARTITIONS);
    });

    it("that read together get an even share of the partitions each, whoever reads more often", async () => {
      const { readers, send, t } = await aGroup(["a", "b", "c"]);
      for (const reader of readers) expect(await reader.read(10, { nowMs: t })).toEqual([]);
      const [greedy, ...others] = readers;
      const mine: UplinkItem[] = [];
      for (const round of upTo(3)) {
        await send(`${round}`);
        for (const _ of upTo(3)) {
          const items = (await greedy?.read(1_000, { nowMs: t + 1 })) ?? [];
          await greedy?.acknowledge(items);
          mine.push(...items);
        }
      }
      const shares = [mine, ...(await Promise.all(others.map((other) => other.read(1_000, { nowMs: t + 2 }))))];
      for (const share of shares) {
        expect(partitionsOf(share).length).toBeGreaterThanOrEqual(21);
        expect(partitionsOf(share).length).toBeLessThanOrEqual(22);
      }
      expect(new Set(shares.flatMap(partitionsOf)).size).toBe(UPLINK_PARTITIONS);
      expect(shares.flat()).toHaveLength(3 * UPLINK_PARTITIONS);
    });

    it("keep their share while they read within the deadline, and lose it when they are gone for longer", async () => {
      const { readers, send, t } = await aGroup(["a", "b"]);
      const [a, b] = readers;
      for (const reader of readers) await reader.read(10, { nowMs: t });
      await send("1");
      const left = (await b?.read(1_000, { nowMs: t })) ?? [];
      const kept = (await a?.read(1_000, { nowMs: t })) ?? [];
      await a?.acknowledge(kept);
      await send("2");
      const sooner = (await a?.read(1_000, { nowMs: t + DEADLINE_MS - 1 })) ?? [];
      expect(partitionsOf(sooner)).toEqual(partitionsOf(kept));
      await a?.acknowledge(sooner);
      const taken = (await a?.read(1_000, { nowMs: t + 2 * DEADLINE_MS })) ?? [];
      expect(partitionsOf(taken)).toEqual(partitionsOf(left));
      expect(textsByDevice(taken)).toEqual(partitionsOf(left).map(() => ["1", "2"]));
    });

    it("give a newcomer its share, and nothing of it out of order", async () => {
      const { readers, send, t } = await aGroup(["a", "b"]);
      const [a, b] = readers;
      await send("1");
      await send("2");
      const out = (await a?.read(UPLINK_PARTITIONS, { nowMs: t })) ?? [];
      const received = [...out];
      // Whatever of its share the old consumer still has out waits until it is acknowledged, for both.
      const early = (await b?.read(1_000, { nowMs: t })) ?? [];
      const busy = new Set(partitionsOf(out));
      expect(partitionsOf(early).filter((partition) => busy.has(partition))).toEqual([]);
      received.push(...early);
      const more = (await a?.read(1_000, { nowMs: t })) ?? [];
      received.push(...more);
      await a?.acknowledge([...out, ...more]);
      for (const reader of [b, a]) received.push(...((await reader?.read(1_000, { nowMs: t })) ?? []));
      expect(textsByDevice(received)).toEqual(upTo(UPLINK_PARTITIONS).map(() => ["1", "2"]));
      const byNewcomer = received.filter((item) => !out.includes(item) && !more.includes(item));
      expect(byNewcomer.length).toBeGreaterThan(0);
    });

    it("that stop hold up nobody who sends, and nothing of another group", async () => {
      const { readers, send, t } = await aGroup(["gone"]);
      await send("1");
      await readers[0]?.read(1_000, { nowMs: t });
      const { store } = open();
      const device = aDeviceRef();
      const other = aReader(store, device);
      for (const i of upTo(50)) await store.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
      expect(textsOf(await other.drain())).toEqual(upTo(50).map(String));
    });
  });
}

function aDeviceInEveryPartition(productKey: ProductKey): readonly DeviceRef[] {
  const devices = new Map<number, DeviceRef>();
  while (devices.size < UPLINK_PARTITIONS) {
    const device = aDeviceRef(productKey);
    devices.set(partitionOf(deviceKey(device)), device);
  }
  return [...devices.values()];
}

function partitionsOf(items: readonly UplinkItem[] = []): number[] {
  return [...new Set(items.map((item) => partitionOf(deviceKey(item))))].toSorted((a, b) => a - b);
}

function textsByDevice(items: readonly UplinkItem[]): string[][] {
  return partitionsOf(items).map((partition) =>
    textsOf(items.filter((item) => partitionOf(deviceKey(item)) === partition)),
  );
}
