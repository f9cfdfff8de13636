import type { DeviceRef } from "@trine/core/certificate";
import type { SubscriptionStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDeviceRef, atOnce, byBytes } from "./fixtures.ts";

/** Every promise of the port `SubscriptionStore`. */
export function describeSubscriptionStore(name: string, make: MakeContract<SubscriptionStore>): void {
  describe(`SubscriptionStore: ${name}`, () => {
    const open = openContract(make);

    const load = async (device: DeviceRef) =>
      (await open().second.load(device))?.toSorted((a, b) => byBytes(a.filter, b.filter));

    it("tells a device without a lasting session from one without subscriptions", async () => {
      const { store } = open();
      const device = aDeviceRef();
      expect(await load(device)).toBeUndefined();
      await store.add(device, []);
      expect(await load(device)).toEqual([]);
    });

    it("adds to what is there and replaces by filter", async () => {
      const { store } = open();
      const device = aDeviceRef();
      await store.add(device, [
        { filter: "/a/+", qos: 0 },
        { filter: "/b/#", qos: 1 },
      ]);
      await store.add(device, [
        { filter: "/a/+", qos: 1 },
        { filter: "/c/空", qos: 0 },
      ]);
      await store.add(device, []);
      expect(await load(device)).toEqual([
        { filter: "/a/+", qos: 1 },
        { filter: "/b/#", qos: 1 },
        { filter: "/c/空", qos: 0 },
      ]);
    });

    it("removes by filter; the session outlives its last subscription", async () => {
      const { store } = open();
      const device = aDeviceRef();
      await store.add(device, [
        { filter: "/a", qos: 0 },
        { filter: "/b", qos: 0 },
      ]);
      await store.remove(device, ["/b", "/never"]);
      expect(await load(device)).toEqual([{ filter: "/a", qos: 0 }]);
      await store.remove(device, ["/a"]);
      expect(await load(device)).toEqual([]);
    });

    it("does not start a session by removing", async () => {
      const { store } = open();
      const device = aDeviceRef();
      await store.remove(device, ["/a"]);
      expect(await load(device)).toBeUndefined();
    });

    it("ends the session of one device and of no other", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const neighbour = aDeviceRef(device.productKey, `${device.deviceName}2`);
      for (const each of [device, neighbour]) await store.add(each, [{ filter: "/a", qos: 1 }]);
      await store.clear(device);
      await store.clear(device);
      expect(await load(device)).toBeUndefined();
      expect(await load(neighbour)).toEqual([{ filter: "/a", qos: 1 }]);
    });

    it("loses none of 40 subscriptions that are added at once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      await atOnce(40, (i) => (i % 2 ? store : second).add(device, [{ filter: `/f/${i}`, qos: 1 }]));
      expect(await load(device)).toHaveLength(40);
    });
  });
}
