import type { DeviceRegistry, NewDevice } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aDeviceRef, aProduct, atOnce } from "./fixtures.ts";

const AT = { atMs: 10_000, notSinceMs: 5_000 };

/** What a device is handed when it registers itself: a part of `describeDeviceRegistry`. */
export function describeRegistrations(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function addOne(): Promise<NewDevice> {
    const product = aProduct();
    const device = aDevice(product.productKey);
    await open().store.insertProduct(product);
    await open().store.insertDevices(product.productKey, [device]);
    return device;
  }

  describe("registrations by devices themselves", () => {
    it("are noted for exactly one of 100 simultaneous callers", async () => {
      const { store, second } = open();
      const { device, iotId } = await addOne();
      const noted = await atOnce(100, (i) => (i % 2 ? store : second).noteRegistration(device, iotId, AT));
      expect(noted.filter(Boolean)).toHaveLength(1);
    });

    it("are noted again once the last one is long enough ago, whatever the clock of the caller", async () => {
      const { store, second } = open();
      const { device, iotId } = await addOne();
      const note = (registry: DeviceRegistry, atMs: number) =>
        registry.noteRegistration(device, iotId, { atMs, notSinceMs: atMs - 5_000 });
      expect(await note(store, 10_000)).toBe(true);
      expect(await note(second, 14_999)).toBe(false);
      expect(await note(second, 9_000)).toBe(false);
      expect(await note(second, 15_000)).toBe(true);
      expect(await note(store, 15_001)).toBe(false);
    });

    it("are not noted for a device that is activated, disabled, gone, or another of the name", async () => {
      const { store } = open();
      const [activated, disabled] = [await addOne(), await addOne()];
      await store.activate(activated.device, activated.iotId, 1);
      expect(await store.noteRegistration(activated.device, activated.iotId, AT)).toBe(false);
      await store.updateDevice(disabled.device, { disabled: true });
      expect(await store.noteRegistration(disabled.device, disabled.iotId, AT)).toBe(false);
      await store.updateDevice(disabled.device, { disabled: false });
      expect(await store.noteRegistration(disabled.device, "another", AT)).toBe(false);
      expect(await store.noteRegistration(disabled.device, disabled.iotId, AT)).toBe(true);
      expect(await store.noteRegistration(aDeviceRef(), "none", AT)).toBe(false);
    });

    it("change nothing that a login is judged by", async () => {
      const { store } = open();
      const { device, iotId } = await addOne();
      const before = await store.findCredentials(device);
      await store.noteRegistration(device, iotId, AT);
      expect(await store.findCredentials(device)).toEqual(before);
    });

    it("are switched without voiding sessions: a policy that differs in nothing else keeps its version", async () => {
      const { store } = open();
      const product = aProduct({ policy: { transports: ["one"] } });
      await store.insertProduct(product);
      const change = async (policy: typeof product.policy) => store.updateProduct(product.productKey, { policy });
      const switched = await change({ transports: ["one"], registration: "open" });
      expect(switched?.policy).toEqual({ transports: ["one"], registration: "open" });
      expect(switched?.policyVersion ?? 0).toBe(0);
      expect((await change({ transports: ["two"], registration: "open" }))?.policyVersion).toBe(1);
      expect((await change({ transports: ["two"] }))?.policyVersion).toBe(1);
    });
  });
}
