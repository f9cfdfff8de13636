import type { DeviceRegistry, DeviceSeen, NewDevice } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aProduct, atOnce, upTo } from "./fixtures.ts";

/** Signs of life of devices without connection: a part of `describeDeviceRegistry`. */
export function describeSeen(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function addDevices(count: number): Promise<NewDevice[]> {
    const { store } = open();
    const product = aProduct();
    await store.insertProduct(product);
    const devices = upTo(count).map(() => aDevice(product.productKey));
    await store.insertDevices(product.productKey, devices);
    return devices;
  }

  async function addOne(): Promise<NewDevice> {
    const [device] = await addDevices(1);
    if (!device) throw new Error("one device was added");
    return device;
  }

  describe("a sign of life", () => {
    it("shows when and where, and does not make the device online", async () => {
      const { store, second } = open();
      const device = await addOne();
      await store.activate(device.device, device.iotId, 1_000);
      await store.saveSeen([{ ...sign(device, 2_000), peer: "192.0.2.1", transport: "radio" }]);
      expect(await second.findDevice(device.device)).toMatchObject({
        status: "OFFLINE",
        lastSeenAtMs: 2_000,
        lastOnlineAtMs: undefined,
        lastPeer: "192.0.2.1",
        lastTransport: "radio",
      });
    });

    it("changes nothing when it is older than what is known, from whatever source", async () => {
      const { store } = open();
      const device = await addOne();
      const change = { ...sign(device, 5_000), epoch: 1, online: true, peer: "192.0.2.2", transport: "wire" };
      await store.savePresence([change]);
      await store.saveSeen([sign(device, 4_000)]);
      expect(await store.findDevice(device.device)).toMatchObject({ lastSeenAtMs: 5_000, lastPeer: "192.0.2.2" });
      await store.saveSeen([sign(device, 6_000)]);
      await store.saveSeen([sign(device, 5_500)]);
      expect(await store.findDevice(device.device)).toMatchObject({ lastSeenAtMs: 6_000, lastOnlineAtMs: 5_000 });
      await store.savePresence([{ ...change, online: false, atMs: 7_000 }]);
      expect(await store.findDevice(device.device)).toMatchObject({ lastSeenAtMs: 7_000 });
    });

    it("of several of one device counts as the newest, in whatever order they come", async () => {
      const { store } = open();
      const device = await addOne();
      await store.saveSeen([sign(device, 2_000), sign(device, 3_000), sign(device, 1_000)]);
      expect((await store.findDevice(device.device))?.lastSeenAtMs).toBe(3_000);
    });

    it("of a device that is gone, or of a namesake before it, is passed over", async () => {
      const { store } = open();
      const device = await addOne();
      const gone = aDevice(device.device.productKey);
      await store.saveSeen([sign(gone, 1_000), { ...sign(device, 2_000), iotId: "another" }]);
      expect((await store.findDevice(device.device))?.lastSeenAtMs).toBeUndefined();
      await store.saveSeen([]);
    });

    it("is taken in batches that overlap in opposite orders from two processes", async () => {
      const { store, second } = open();
      const devices = await addDevices(1_500);
      await atOnce(6, (i) => {
        const seen = devices.map((device) => sign(device, 1_000 + i));
        return (i % 2 ? store : second).saveSeen(i % 2 ? seen : seen.reverse());
      });
      for (const { device } of devices.slice(0, 3)) expect((await store.findDevice(device))?.lastSeenAtMs).toBe(1_005);
    });
  });
}

function sign({ device, iotId }: NewDevice, atMs: number): DeviceSeen {
  return { device, iotId, atMs, peer: "192.0.2.9", transport: "test" };
}
