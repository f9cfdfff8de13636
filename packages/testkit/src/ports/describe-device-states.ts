import type { DeviceRegistry, DeviceStatus, NewDevice, PresenceChange } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aDeviceRef, aProduct, atOnce, upTo } from "./fixtures.ts";

/** What becomes of a device over time: the last part of `describeDeviceRegistry`. */
export function describeDeviceStates(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function add(count = 1): Promise<NewDevice[]> {
    const { store } = open();
    const product = aProduct();
    await store.insertProduct(product);
    const devices = upTo(count).map(() => aDevice(product.productKey));
    await store.insertDevices(product.productKey, devices);
    return devices;
  }

  async function addOne(): Promise<NewDevice> {
    const [device] = await add();
    if (!device) throw new Error("one device was added");
    return device;
  }

  describe("changing devices", () => {
    it("changes the fields that are given and no others", async () => {
      const { store } = open();
      const { device } = await addOne();
      expect(await store.updateDevice(device, { nickname: "lamp", tags: { a: "1" } })).toMatchObject({
        nickname: "lamp",
        tags: { a: "1" },
      });
      expect(await store.updateDevice(device, { tags: { b: "2" } })).toMatchObject({
        nickname: "lamp",
        tags: { b: "2" },
      });
      expect(await store.updateDevice(device, { nickname: null })).toMatchObject({
        nickname: undefined,
        tags: { b: "2" },
      });
      expect(await store.findDevice(device)).toMatchObject({
        nickname: undefined,
        tags: { b: "2" },
        status: "UNACTIVE",
      });
    });

    it("answers undefined for a device that does not exist", async () => {
      const { store } = open();
      expect(await store.updateDevice(aDeviceRef(), { disabled: true })).toBeUndefined();
      expect(await store.deleteDevice(aDeviceRef())).toBeUndefined();
    });

    it("single tags are set and removed, and the others stay", async () => {
      const { store } = open();
      const { device } = await addOne();
      await store.updateDevice(device, { tags: { a: "1", b: "2" } });
      expect(await store.changeTags(device, { set: { b: "3", c: "4" }, remove: ["a", "none"] }, 100)).toBe("changed");
      expect((await store.findDevice(device))?.tags).toEqual({ b: "3", c: "4" });
      expect(await store.changeTags(device, { set: {}, remove: [] }, 100)).toBe("changed");
      expect((await store.findDevice(device))?.tags).toEqual({ b: "3", c: "4" });
    });

    it("tags that are changed at the same time are all there", async () => {
      const { store } = open();
      const { device } = await addOne();
      const names = Array.from({ length: 20 }, (_, at) => `tag_${at}`);
      await Promise.all(names.map((name) => store.changeTags(device, { set: { [name]: name }, remove: [] }, 100)));
      expect(Object.keys((await store.findDevice(device))?.tags ?? {})).toEqual(expect.arrayContaining(names));
    });

    it("nothing is changed when there would be too many tags, and a device that is not there has none", async () => {
      const { store } = open();
      const { device } = await addOne();
      await store.updateDevice(device, { tags: { a: "1", b: "2" } });
      expect(await store.changeTags(device, { set: { c: "3" }, remove: [] }, 2)).toBe("too_many");
      expect((await store.findDevice(device))?.tags).toEqual({ a: "1", b: "2" });
      expect(await store.changeTags(device, { set: { c: "3" }, remove: ["a"] }, 2)).toBe("changed");
      expect(await store.changeTags(aDeviceRef(), { set: { c: "3" }, remove: [] }, 2)).toBe("not_found");
    });

    it("shows DISABLE whatever else is true, and the rest again once enabled", async () => {
      const { store } = open();
      const device = await addOne();
      const disable = (disabled: boolean) => store.updateDevice(device.device, { disabled });
      expect((await disable(true))?.status).toBe("DISABLE");
      expect((await store.findCredentials(device.device))?.disabled).toBe(true);
      expect((await disable(false))?.status).toBe("UNACTIVE");
      await store.activate(device.device, device.iotId, 1_000);
      await store.savePresence([presence(device, { epoch: 1, online: true })]);
      expect((await disable(true))?.status).toBe("DISABLE");
      expect((await disable(false))?.status).toBe("ONLINE");
      expect((await store.findCredentials(device.device))?.disabled).toBe(false);
    });

    it("deletes for good, exactly once of 20 simultaneous callers", async () => {
      const { store, second } = open();
      const { device, iotId } = await addOne();
      const answers = await atOnce(20, (i) => (i % 2 ? store : second).deleteDevice(device));
      expect(answers.filter(Boolean)).toEqual([{ iotId }]);
      expect(await store.findDevice(device)).toBeUndefined();
      expect(await store.findCredentials(device)).toBeUndefined();
    });

    it("gives a device that is made again under an old name nothing of the old one", async () => {
      const { store } = open();
      const old = await addOne();
      await store.activate(old.device, old.iotId, 1_000);
      await store.deleteDevice(old.device);
      const made = aDevice(old.device.productKey, { deviceName: old.device.deviceName });
      expect(await store.insertDevices(old.device.productKey, [made])).toEqual({ taken: [] });
      await store.savePresence([presence(old, { epoch: 9, online: true })]);
      expect(await store.activate(old.device, old.iotId, 2_000)).toBe(false);
      expect(await store.findDevice(made.device)).toMatchObject({
        iotId: made.iotId,
        status: "UNACTIVE",
        activatedAtMs: undefined,
        lastOnlineAtMs: undefined,
      });
    });
  });

  describe("activation", () => {
    it("happens exactly once of 100 simultaneous callers, at the time of the one that did it", async () => {
      const { store, second } = open();
      const { device, iotId } = await addOne();
      const answers = await atOnce(100, (i) => (i % 2 ? store : second).activate(device, iotId, 1_000 + i));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await second.findDevice(device)).toMatchObject({
        activatedAtMs: 1_000 + answers.indexOf(true),
        status: "OFFLINE",
      });
      expect((await store.findCredentials(device))?.activated).toBe(true);
    });

    it("never moves, and needs the device's own iotId", async () => {
      const { store } = open();
      const { device, iotId } = await addOne();
      expect(await store.activate(device, "another", 500)).toBe(false);
      expect(await store.activate(aDeviceRef(), iotId, 500)).toBe(false);
      expect(await store.activate(device, iotId, 1_000)).toBe(true);
      expect(await store.activate(device, iotId, 2_000)).toBe(false);
      expect((await store.findDevice(device))?.activatedAtMs).toBe(1_000);
    });
  });

  describe("presence", () => {
    async function addActive(count: number): Promise<NewDevice[]> {
      const devices = await add(count);
      for (const { device, iotId } of devices) await open().store.activate(device, iotId, 1_000);
      return devices;
    }

    async function statusOf({ device }: NewDevice): Promise<DeviceStatus | undefined> {
      return (await open().store.findDevice(device))?.status;
    }

    it("shows where and when a device was last seen", async () => {
      const { store, second } = open();
      const [one] = await addActive(1);
      if (!one) throw new Error("one device was added");
      await store.savePresence([
        { ...presence(one, { epoch: 5, online: true }), atMs: 2_000, peer: "192.0.2.1", transport: "radio" },
      ]);
      expect(await second.findDevice(one.device)).toMatchObject({
        status: "ONLINE",
        lastOnlineAtMs: 2_000,
        lastOfflineAtMs: undefined,
        lastPeer: "192.0.2.1",
        lastTransport: "radio",
      });
      await store.savePresence([{ ...presence(one, { epoch: 6, online: false }), atMs: 3_000 }]);
      expect(await second.findDevice(one.device)).toMatchObject({
        status: "OFFLINE",
        lastOnlineAtMs: 2_000,
        lastOfflineAtMs: 3_000,
      });
    });

    it("lets no late event overwrite a newer one", async () => {
      const { store } = open();
      const [one] = await addActive(1);
      if (!one) throw new Error("one device was added");
      await store.savePresence([presence(one, { epoch: 1_760_000_000_000_002, online: true })]);
      await store.savePresence([presence(one, { epoch: 1_760_000_000_000_001, online: false })]);
      expect(await statusOf(one)).toBe("ONLINE");
    });

    it("takes offline for later than online within one connection, whichever is written first", async () => {
      const { store } = open();
      const [one, two] = await addActive(2);
      if (!one || !two) throw new Error("two devices were added");
      const [online, offline] = [true, false].map((online) => (of: NewDevice) => presence(of, { epoch: 7, online }));
      if (!online || !offline) throw new Error("there are two events");
      await store.savePresence([online(one), offline(two)]);
      expect(await statusOf(one)).toBe("ONLINE");
      await store.savePresence([offline(one), online(two)]);
      expect([await statusOf(one), await statusOf(two)]).toEqual(["OFFLINE", "OFFLINE"]);
      await store.savePresence([online(one), online(two)]);
      expect([await statusOf(one), await statusOf(two)]).toEqual(["OFFLINE", "OFFLINE"]);
    });

    it("takes the newest of several events of one device, in whatever order they come", async () => {
      const { store } = open();
      const [one] = await addActive(1);
      if (!one) throw new Error("one device was added");
      await store.savePresence([
        presence(one, { epoch: 2, online: false }),
        presence(one, { epoch: 3, online: true }),
        presence(one, { epoch: 1, online: true }),
      ]);
      expect(await statusOf(one)).toBe("ONLINE");
    });

    it("passes over devices that are gone", async () => {
      const { store } = open();
      const [one] = await addActive(1);
      if (!one) throw new Error("one device was added");
      const gone = aDevice(one.device.productKey);
      await store.savePresence([presence(gone, { epoch: 1, online: true }), presence(one, { epoch: 1, online: true })]);
      expect(await statusOf(one)).toBe("ONLINE");
      await store.savePresence([]);
    });

    it("takes batches that overlap in opposite orders from two processes, thousands at a time", async () => {
      const { store, second } = open();
      const devices = await add(2_000);
      await atOnce(6, (i) => {
        const changes = devices.map((device) => presence(device, { epoch: i + 1, online: i === 5 }));
        return (i % 2 ? store : second).savePresence(i % 2 ? changes : changes.reverse());
      });
      const productKey = devices[0]?.device.productKey;
      if (!productKey) throw new Error("devices were added");
      for (const { device, iotId } of devices.slice(0, 3)) await store.activate(device, iotId, 1_000);
      const online = await store.listDevices(productKey, { status: "ONLINE" }, { limit: 5 });
      expect(online.items).toHaveLength(3);
    });

    it("is what the status filter goes by", async () => {
      const { store } = open();
      const [online, offline, disabled] = await addActive(3);
      if (!online || !offline || !disabled) throw new Error("three devices were added");
      const { productKey } = online.device;
      const unactive = aDevice(productKey);
      await store.insertDevices(productKey, [unactive]);
      await store.savePresence([presence(online, { epoch: 1, online: true })]);
      await store.updateDevice(disabled.device, { disabled: true });
      for (const [status, device] of Object.entries({
        ONLINE: online,
        OFFLINE: offline,
        UNACTIVE: unactive,
        DISABLE: disabled,
      })) {
        const page = await store.listDevices(productKey, { status: status as DeviceStatus }, { limit: 10 });
        expect(
          page.items.map((item) => item.device),
          status,
        ).toEqual([device.device]);
      }
    });
  });
}

function presence({ device, iotId }: NewDevice, { epoch, online }: { epoch: number; online: boolean }): PresenceChange {
  return { device, iotId, epoch, online, atMs: 1_000 + (epoch % 1_000), peer: "192.0.2.9", transport: "test" };
}
