import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDeviceRef, anUplink, randomName, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

const DAY_MS = 86_400_000;

/** Waiting, following and trimming: the rest of `UplinkLog`. Trimming comes last, for it empties the log. */
export function describeUplinkWatching(open: () => { store: UplinkLog; second: UplinkLog }): void {
  describe("waiting for messages", () => {
    it("ends when another process appends", async () => {
      const { store, second } = open();
      const abort = new AbortController();
      let ended = false;
      const waiting = store.waitForNew(20_000, abort.signal).then(() => {
        ended = true;
      });
      // Whoever waits may not listen yet when the first one is appended.
      await expect
        .poll(
          async () => {
            await second.append(anUplink(aDeviceRef()));
            return ended;
          },
          { timeout: 10_000 },
        )
        .toBe(true);
      await waiting;
    });

    it("ends when the time is over, and when the signal aborts, before or during", async () => {
      const { store } = open();
      await store.waitForNew(30, new AbortController().signal);
      await store.waitForNew(60_000, AbortSignal.abort());
      const abort = new AbortController();
      const waiting = store.waitForNew(60_000, abort.signal);
      setImmediate(() => abort.abort());
      await waiting;
    });
  });

  describe("following", () => {
    it("shows what another process appends from now on, in order, until the signal ends it", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const abort = new AbortController();
      const seen: UplinkItem[] = [];
      const following = (async () => {
        for await (const item of store.follow(abort.signal)) if (item.deviceName === device.deviceName) seen.push(item);
      })();
      let sent = 0;
      const send = () => second.append(anUplink(device, { payload: Buffer.from(`${sent++}`) }));
      await expect.poll(async () => send().then(() => seen.length), { timeout: 10_000 }).toBeGreaterThan(0);
      const from = sent;
      for (let i = 0; i < 5; i += 1) await send();
      await expect.poll(() => textsOf(seen).slice(-5), { timeout: 5_000 }).toEqual(upTo(5).map((i) => `${from + i}`));
      expect(textsOf(seen)).toEqual(textsOf(seen).toSorted((a, b) => Number(a) - Number(b)));
      abort.abort();
      await following;
    });

    it("takes nothing from a group", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const abort = new AbortController();
      const followed = store.follow(abort.signal)[Symbol.asyncIterator]();
      const first = followed.next();
      let settled = false;
      void first.then(() => {
        settled = true;
      });
      let sent = 0;
      await expect
        .poll(
          async () => {
            await store.append(anUplink(device, { payload: Buffer.from(`${sent++}`) }));
            return settled;
          },
          { timeout: 10_000 },
        )
        .toBe(true);
      abort.abort();
      await followed.return?.();
      expect(textsOf(await aReader(store, device).drain())).toEqual(upTo(sent).map(String));
    });
  });

  describe("trimming", () => {
    async function startEmpty(): Promise<void> {
      const { store } = open();
      for (const { group } of await store.listGroups()) await store.deleteGroup(group);
      await store.trim({ olderThanMs: Date.now() + DAY_MS, maxBytes: 1_000_000_000 });
    }

    it("drops what is too old and nothing else, and counts it", async () => {
      const { store } = open();
      await startEmpty();
      const device = aDeviceRef();
      for (const i of upTo(5)) await store.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
      const roomy = 1_000_000_000;
      expect(await store.trim({ olderThanMs: Date.now() - DAY_MS, maxBytes: roomy })).toEqual({
        dropped: 0,
        unread: 0,
      });
      expect(await store.trim({ olderThanMs: Date.now() + DAY_MS, maxBytes: roomy })).toEqual({
        dropped: 5,
        unread: 0,
      });
      expect(await aReader(store, device).drain()).toEqual([]);
    });

    it("drops the oldest over all partitions beyond the size, and keeps the newest", async () => {
      const { store } = open();
      await startEmpty();
      const devices = upTo(6).map(() => aDeviceRef());
      for (const i of upTo(60)) {
        const device = devices[i % devices.length] ?? aDeviceRef();
        await store.append(anUplink(device, { payload: Buffer.from(`${i}`.padStart(1_000, "0")) }));
      }
      const { dropped } = await store.trim({ olderThanMs: 0, maxBytes: 30_500 });
      const kept = (await aReader(store, {}).drain()).map(({ payload }) => Number(payload));
      expect(kept.length + dropped).toBe(60);
      expect(kept.length).toBeLessThanOrEqual(30);
      expect(kept.length).toBeGreaterThanOrEqual(15);
      // The oldest over all partitions, give or take what lies side by side.
      expect(Math.min(...kept)).toBeGreaterThanOrEqual(60 - kept.length - devices.length);
    });

    it("is needed when the log holds more than it may: it tells how much, and since when", async () => {
      const { store, second } = open();
      await startEmpty();
      const empty = await second.usage();
      expect(empty.oldestAtMs).toBeUndefined();
      const before = Date.now();
      for (const i of upTo(20)) await store.append(anUplink(aDeviceRef(), { payload: Buffer.alloc(1_000, i) }));
      const { bytes, oldestAtMs } = await second.usage();
      expect(bytes - empty.bytes).toBeGreaterThanOrEqual(15_000);
      expect(bytes - empty.bytes).toBeLessThan(60_000);
      expect(oldestAtMs).toBeGreaterThanOrEqual(before);
      expect(oldestAtMs).toBeLessThanOrEqual(Date.now());
    });

    it("counts what some group had not read, and lets that group go on behind it", async () => {
      const { store } = open();
      await startEmpty();
      const device = aDeviceRef();
      const [fast, slow] = [aReader(store, {}), aReader(store, { group: randomName() })];
      await store.putGroup(slow.group, { from: "earliest", ackDeadlineMs: 60_000 });
      for (const i of upTo(4)) await store.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
      await fast.drain();
      await slow.acknowledge(await slow.read(1));
      const trimmed = await store.trim({ olderThanMs: Date.now() + DAY_MS, maxBytes: 1_000_000 });
      expect(trimmed).toEqual({ dropped: 4, unread: 3 });
      await store.append(anUplink(device, { payload: Buffer.from("new") }));
      expect(textsOf(await slow.drain())).toEqual(["new"]);
      expect(textsOf(await fast.drain())).toEqual(["new"]);
      const lags = (await store.listGroups()).map(({ lag }) => lag);
      expect(lags).toEqual([0, 0]);
    });

    it("drops what is out as well, and goes on", async () => {
      const { store } = open();
      await startEmpty();
      const device = aDeviceRef();
      const reader = aReader(store, {});
      for (const i of upTo(3)) await store.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
      const out = await reader.read(2);
      await store.trim({ olderThanMs: Date.now() + DAY_MS, maxBytes: 1_000_000 });
      await reader.acknowledge(out);
      await store.append(anUplink(device, { payload: Buffer.from("new") }));
      const later = aReader(store, { group: reader.group, consumer: "b" });
      const items = await later.read(10, { nowMs: Date.now() + DAY_MS });
      expect(textsOf(items)).toEqual(["new"]);
    });
  });
}
