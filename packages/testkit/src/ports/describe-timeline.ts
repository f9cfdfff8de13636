import {
  type DeviceRegistry,
  InvalidCursorError,
  type NewDevice,
  type Timeline,
  type TimelineEvent,
} from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDevice, aProduct, upTo } from "./fixtures.ts";

/** Events that a device may have in the stores under test. */
export const TIMELINE_EVENTS = 20;

/**
 * Every promise of the port `Timeline`.
 *
 * @param make opens it with at most `TIMELINE_EVENTS` events a device, and the registry of its devices.
 */
export function describeTimeline(name: string, make: MakeContract<Timeline, { registry: DeviceRegistry }>): void {
  describe(`Timeline: ${name}`, () => {
    const open = openContract(make);

    async function addDevices(count: number): Promise<NewDevice[]> {
      const { registry } = open();
      const product = aProduct();
      await registry.insertProduct(product);
      const devices = upTo(count).map(() => aDevice(product.productKey));
      await registry.insertDevices(product.productKey, devices);
      return devices;
    }

    async function addOne(): Promise<NewDevice> {
      const [device] = await addDevices(1);
      if (!device) throw new Error("one device was added");
      return device;
    }

    async function timesOf({ device }: NewDevice, limit = 1_000): Promise<number[]> {
      return (await open().store.list(device, { limit })).items.map(({ atMs }) => atMs);
    }

    it("gives events back as they were, newest first, to another process too", async () => {
      const { store, second } = open();
      const device = await addOne();
      const events = [
        anEvent(device, { atMs: 1_000, kind: "created", detail: { actor: "alice" } }),
        anEvent(device, { atMs: 3_000, kind: "refused", detail: { code: "bad_credentials", count: 3 } }),
        anEvent(device, { atMs: 2_000, kind: "online", detail: { transport: "radio", peer: "192.0.2.1" } }),
      ];
      await store.append(events);
      const page = await second.list(device.device, { limit: 10 });
      expect(page).toEqual({ items: [events[1], events[2], events[0]] });
    });

    it("keeps the order of events of one moment", async () => {
      const { store } = open();
      const device = await addOne();
      const whys = upTo(5).map((n) => `reason ${n}`);
      await store.append(whys.map((why) => anEvent(device, { detail: { why } })));
      const { items } = await store.list(device.device, { limit: 10 });
      expect(items.map(({ detail }) => detail["why"])).toEqual(whys.toReversed());
    });

    it("tells devices apart, in one write", async () => {
      const { store } = open();
      const devices = await addDevices(3);
      await store.append(devices.flatMap((device, i) => upTo(i).map((atMs) => anEvent(device, { atMs }))));
      for (const [i, device] of devices.entries()) expect(await timesOf(device)).toHaveLength(i);
    });

    it("lists page by page, each once", async () => {
      const { store } = open();
      const device = await addOne();
      await store.append(upTo(7).map((n) => anEvent(device, { atMs: 1_000 + (n >> 1) })));
      const seen: TimelineEvent[] = [];
      for (let cursor: string | undefined, end = false; !end; end = cursor === undefined) {
        const page = await store.list(device.device, { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items);
        cursor = page.nextCursor;
      }
      expect(seen).toEqual((await store.list(device.device, { limit: 100 })).items);
      expect(seen).toHaveLength(7);
    });

    it("keeps the newest events of a device, however many come and however late", async () => {
      const { store } = open();
      const [device, neighbour] = await addDevices(2);
      if (!device || !neighbour) throw new Error("two devices were added");
      await store.append([anEvent(neighbour, { atMs: 5 })]);
      for (const round of upTo(30)) {
        await store.append(upTo(10).map((n) => anEvent(device, { atMs: 10_000 + round * 10 + n })));
        await store.append([anEvent(device, { atMs: 7 })]);
      }
      expect(await timesOf(device)).toEqual(upTo(TIMELINE_EVENTS).map((n) => 10_299 - n));
      expect(await timesOf(neighbour)).toEqual([5]);
    });

    it("takes thousands of events in one write", async () => {
      const { store } = open();
      const devices = await addDevices(50);
      await store.append(upTo(3_000).map((n) => anEvent(devices[n % 50] ?? aDevice("none" as never), { atMs: n })));
      for (const device of devices.slice(0, 3)) expect(await timesOf(device)).toHaveLength(TIMELINE_EVENTS);
    });

    it("drops events of devices that are gone, and shows a namesake nothing of them", async () => {
      const { store, registry } = open();
      const old = await addOne();
      await store.append([anEvent(old, { atMs: 1_000 })]);
      await registry.deleteDevice(old.device);
      expect(await timesOf(old)).toEqual([]);
      const made = aDevice(old.device.productKey, { deviceName: old.device.deviceName });
      await registry.insertDevices(old.device.productKey, [made]);
      await store.append([anEvent(old, { atMs: 2_000 }), anEvent(made, { atMs: 3_000 })]);
      expect(await timesOf(made)).toEqual([3_000]);
    });

    it("takes nothing at all, and knows nothing of a device that nobody added", async () => {
      const { store } = open();
      await store.append([]);
      expect(await store.list(aDevice(aProduct().productKey).device, { limit: 5 })).toEqual({ items: [] });
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      const { device } = await addOne();
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U"])
        await expect(store.list(device, { limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursorError);
    });
  });
}

function anEvent(
  { device, iotId }: NewDevice,
  given: Partial<Pick<TimelineEvent, "atMs" | "kind" | "detail">> = {},
): TimelineEvent {
  return { device, iotId, kind: "offline", atMs: 1_000, detail: {}, ...given };
}
