import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { BatchStore, DeviceRegistry, HandOverPackage, PackageStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDevice, aProduct, atOnce, randomName, upTo } from "./fixtures.ts";

const WORKER = "packages";
const LEASE_MS = 60_000;

/**
 * Every promise of the port `PackageStore`.
 *
 * @param make opens the store together with the registry and the batches that its devices are of; nobody else works on the batches.
 */
export function describePackageStore(
  name: string,
  make: MakeContract<PackageStore, { registry: DeviceRegistry; batches: BatchStore }>,
): void {
  describe(`PackageStore: ${name}`, () => {
    const open = openContract(make);

    /** Registers a batch of devices. @returns a package of it that is not made yet, and their names in order. */
    async function aBatch(count: number): Promise<{ handOver: HandOverPackage; names: readonly DeviceName[] }> {
      const { registry, batches } = open();
      const product = aProduct();
      await registry.insertProduct(product);
      const { productKey } = product;
      const batchId = randomName();
      const lines = upTo(count).map((i) => ({ line: i + 1 }));
      await batches.create({ batchId, productKey, lines, errors: [], fingerprint: "f", createdAtMs: 1 });
      await batches.claim(WORKER, LEASE_MS, count);
      const devices = lines.map(({ line }) => ({
        ...aDevice(productKey, { deviceName: `unit-${1000 + line}` }),
        line,
      }));
      await batches.commitChunk(batchId, WORKER, LEASE_MS, devices);
      return { handOver: aPackage(batchId, productKey), names: devices.map(({ device }) => device.deviceName) };
    }

    function aPackage(batchId: string, productKey: ProductKey): HandOverPackage {
      const [recipient, receiptKey] = ["age1factory", "key"];
      return {
        packageId: randomName(),
        batchId,
        productKey,
        recipient,
        receiptKey,
        createdAtMs: 5_000,
        expiresAtMs: 9_000,
      };
    }

    const again = ({ batchId, productKey }: HandOverPackage) => aPackage(batchId, productKey);

    async function namesIn(packageId: string, page: { unburned?: boolean } = {}): Promise<readonly DeviceName[]> {
      const devices = await open().store.listDevices(packageId, { limit: 10_000, ...page });
      return devices.map(({ deviceName }) => deviceName);
    }

    it("a package has what was asked for, and every process finds it", async () => {
      const { store, second } = open();
      const { handOver, names } = await aBatch(3);
      const made = { ...handOver, status: "handed_over", count: 3, burned: 0 };
      expect(await store.make(handOver)).toEqual(made);
      expect(await second.find(handOver.packageId)).toEqual(made);
      expect(await second.list(handOver.batchId)).toEqual([made]);
      expect(await namesIn(handOver.packageId)).toEqual(names);
      expect(await store.find(randomName())).toBeUndefined();
      expect(await store.list(randomName())).toEqual([]);
    });

    it("packages of one batch share its devices out in the order of names, each device once", async () => {
      const { store } = open();
      const { handOver, names } = await aBatch(5);
      const second = again(handOver);
      expect(await store.make(handOver, 2)).toMatchObject({ count: 2 });
      expect(await store.make(second, 9)).toMatchObject({ count: 3 });
      expect(await namesIn(handOver.packageId)).toEqual(names.slice(0, 2));
      expect(await namesIn(second.packageId)).toEqual(names.slice(2));
      const third = again(handOver);
      expect(await store.make(third)).toBeUndefined();
      expect(await store.find(third.packageId)).toBeUndefined();
    });

    it("no device gets into two packages of 10 simultaneous callers", async () => {
      const { store, second } = open();
      const { handOver, names } = await aBatch(12);
      const made = await atOnce(10, (i) => (i % 2 ? store : second).make(again(handOver), 4));
      const packages = made.flatMap((each) => each?.packageId ?? []);
      expect(packages).toHaveLength(3);
      const packed = (await Promise.all(packages.map((id) => namesIn(id)))).flat();
      expect(packed.toSorted()).toEqual(names);
    });

    it("devices of another batch, and those that were added one by one, are in no package of it", async () => {
      const { store, registry } = open();
      const [one, other] = [await aBatch(2), await aBatch(1)];
      await registry.insertDevices(one.handOver.productKey, [aDevice(one.handOver.productKey)]);
      expect(await store.make(one.handOver)).toMatchObject({ count: 2 });
      expect(await store.make(other.handOver)).toMatchObject({ count: 1 });
    });

    it("pages go on behind the name that was given", async () => {
      const { store } = open();
      const { handOver, names } = await aBatch(5);
      await store.make(handOver);
      const [, , after] = names;
      const page = await store.listDevices(handOver.packageId, { limit: 10, ...(after ? { after } : {}) });
      expect(page.map(({ deviceName }) => deviceName)).toEqual(names.slice(3));
      expect(await store.listDevices(handOver.packageId, { limit: 2 })).toHaveLength(2);
    });

    it("a device is noted as burned once, at the time of the first receipt; strangers are counted", async () => {
      const { store, second, registry } = open();
      const { handOver, names } = await aBatch(3);
      const [first, next] = names as [DeviceName, DeviceName];
      await store.make(handOver, 2);
      const { productKey } = handOver;
      const iotId = (await registry.findDevice({ productKey, deviceName: first }))?.iotId;
      const one = await store.markBurned(handOver.packageId, [{ deviceName: first, atMs: 100 }]);
      expect(one).toEqual({ marked: [{ deviceName: first, iotId }], strangers: 0 });
      const all = names.map((deviceName) => ({ deviceName, atMs: 200 }));
      const both = await second.markBurned(handOver.packageId, all);
      expect(both.marked.map(({ deviceName }) => deviceName)).toEqual([next]);
      expect(both.strangers).toBe(1);
      expect(await store.listDevices(handOver.packageId, { limit: 9 })).toEqual([
        { deviceName: first, burnedAtMs: 100 },
        { deviceName: next, burnedAtMs: 200 },
      ]);
      expect(await store.find(handOver.packageId)).toMatchObject({ count: 2, burned: 2 });
      expect(await store.markBurned(randomName(), all)).toEqual({ marked: [], strangers: 3 });
    });

    it("what is released may go into another package, and what is not burned is found", async () => {
      const { store } = open();
      const { handOver, names } = await aBatch(3);
      const [burned, ...unused] = names as [DeviceName, ...DeviceName[]];
      await store.make(handOver);
      await store.markBurned(handOver.packageId, [{ deviceName: burned, atMs: 1 }]);
      expect(await namesIn(handOver.packageId, { unburned: true })).toEqual(unused);
      await store.release(handOver.packageId, unused);
      expect(await store.find(handOver.packageId)).toMatchObject({ count: 1, burned: 1 });
      const second = again(handOver);
      expect(await store.make(second)).toMatchObject({ count: 2 });
      await store.release(handOver.packageId, unused);
      expect(await namesIn(second.packageId)).toEqual(unused);
    });

    it("voiding is under way until it is settled, and begins once", async () => {
      const { store, second } = open();
      const { handOver } = await aBatch(1);
      await store.make(handOver);
      await store.settleVoiding(handOver.packageId);
      expect(await store.beginVoiding(handOver.packageId)).toMatchObject({ status: "voiding" });
      expect(await second.findVoiding()).toMatchObject({ packageId: handOver.packageId, status: "voiding" });
      await second.settleVoiding(handOver.packageId);
      expect(await store.find(handOver.packageId)).toMatchObject({ status: "voided" });
      expect(await store.beginVoiding(handOver.packageId)).toMatchObject({ status: "voided" });
      expect(await store.findVoiding()).toBeUndefined();
      expect(await store.beginVoiding(randomName())).toBeUndefined();
    });

    it("a deleted device leaves its package", async () => {
      const { store, registry } = open();
      const { handOver, names } = await aBatch(2);
      const [gone, left] = names as [DeviceName, DeviceName];
      await store.make(handOver);
      await registry.deleteDevice({ productKey: handOver.productKey, deviceName: gone });
      expect(await namesIn(handOver.packageId)).toEqual([left]);
      expect(await store.find(handOver.packageId)).toMatchObject({ count: 1 });
    });
  });
}
