import type { DeviceRegistry, NewDevice } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aProduct } from "./fixtures.ts";

const NEXT = { graceEndsAtMs: 4_000_000_000_000, nowMs: 900 };

/** Devices whose secrets are not stored: a part of `describeDeviceRegistry`. */
export function describeDerivedSecrets(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function addOne(sealedSeed: string | undefined = "sealed seed"): Promise<NewDevice> {
    const { store } = open();
    const product = aProduct(sealedSeed === "" ? {} : { sealedSeed });
    await store.insertProduct(product);
    const { sealedSecret: _, ...device } = aDevice(product.productKey);
    await store.insertDevices(product.productKey, [device]);
    return device;
  }

  describe("derived secrets", () => {
    it("are looked up as a version and the seed of the product, and nothing is stored with the device", async () => {
      const { store } = open();
      const { device } = await addOne();
      const credentials = await store.findCredentials(device);
      expect(credentials).toMatchObject({ secretVersion: 1, product: { sealedSeed: "sealed seed" } });
      expect(credentials).not.toHaveProperty("sealedSecret");
      expect(await store.findProduct(device.productKey)).toHaveProperty("sealedSeed", "sealed seed");
      expect(await store.listSealedSecrets(device.productKey, { limit: 9 })).toEqual([
        { deviceName: device.deviceName, secretVersion: 1 },
      ]);
    });

    it("rotate by their version alone, as stored ones do", async () => {
      const { store } = open();
      const { device, iotId } = await addOne();
      const begun = await store.beginRotation(device, { ...NEXT, secretVersion: 2 });
      expect(begun).toEqual({ secretVersion: 2, firstVersion: 1 });
      const next = (await store.findCredentials(device))?.next;
      expect(next).toEqual({ secretVersion: 2, graceEndsAtMs: NEXT.graceEndsAtMs });
      expect(await store.listSealedSecrets(device.productKey, { limit: 9 })).toEqual([
        { deviceName: device.deviceName, secretVersion: 2 },
      ]);
      const again = await store.beginRotation(device, { ...NEXT, nowMs: NEXT.graceEndsAtMs });
      expect(again).toEqual({ secretVersion: 3, firstVersion: 2 });
      expect(await store.endRotation(device, iotId, 3)).toBe(true);
      expect(await store.endRotation(device, iotId, 3)).toBe(false);
      const ended = await store.findCredentials(device);
      expect(ended).toMatchObject({ secretVersion: 3 });
      expect(ended).not.toHaveProperty("next");
      const isListed = async () =>
        (await store.listEndedRotations(Date.now(), 10_000)).some((each) => each.iotId === iotId);
      expect(await isListed()).toBe(true);
      await store.settleRotation(device, iotId, 3);
      expect(await isListed()).toBe(false);
    });

    it("do not come back with a device of the same name: its versions go on", async () => {
      const { store, second } = open();
      const added = await addOne();
      const { device } = added;
      await store.beginRotation(device, NEXT);
      await store.deleteDevice(device);
      await second.insertDevices(device.productKey, [{ ...added, iotId: "another" }]);
      expect(await store.findCredentials(device)).toMatchObject({ iotId: "another", secretVersion: 3 });
      await second.deleteDevice(device);
      await store.insertDevices(device.productKey, [added]);
      expect((await second.findCredentials(device))?.secretVersion).toBe(4);
    });

    it("of other products begin anew, as stored ones do", async () => {
      const { store } = open();
      const added = await addOne("");
      await store.deleteDevice(added.device);
      await store.insertDevices(added.device.productKey, [added]);
      expect((await store.findCredentials(added.device))?.secretVersion).toBe(1);
    });

    it("a product without devices can be deleted, whatever it had", async () => {
      const { store } = open();
      const { device } = await addOne();
      await store.deleteDevice(device);
      expect(await store.deleteProduct(device.productKey)).toBe("deleted");
    });
  });
}
