import { type DeviceName, deviceKey } from "@trine/core/certificate";
import type { HandOverPackage, PackageRecord, PackageStore } from "@trine/core/ports";
import type { MemoryDeviceRegistry } from "./memory-device-registry.ts";

interface StoredPackage {
  readonly handOver: HandOverPackage;
  status: PackageRecord["status"];
  /** Of each device: when it was burned. */
  readonly devices: Map<DeviceName, number | undefined>;
}

/** Keeps packages until the process ends. For tests. */
export function createMemoryPackageStore({ registry }: { registry: MemoryDeviceRegistry }): PackageStore {
  const packages = new Map<string, StoredPackage>();
  /** Devices that are in a package. */
  const packed = new Set<string>();

  const keyOf = ({ productKey }: HandOverPackage, deviceName: DeviceName) => deviceKey({ productKey, deviceName });

  /** Drops devices that were deleted, as a database does by itself. */
  async function present(stored: StoredPackage): Promise<readonly [DeviceName, number | undefined][]> {
    const { productKey } = stored.handOver;
    for (const deviceName of stored.devices.keys()) {
      if (await registry.findDevice({ productKey, deviceName })) continue;
      stored.devices.delete(deviceName);
      packed.delete(keyOf(stored.handOver, deviceName));
    }
    return [...stored.devices].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  async function recordOf(stored: StoredPackage): Promise<PackageRecord> {
    const devices = await present(stored);
    const burned = devices.filter(([, burnedAtMs]) => burnedAtMs !== undefined).length;
    return { ...stored.handOver, status: stored.status, count: devices.length, burned };
  }

  return {
    async make(handOver, count = Number.MAX_SAFE_INTEGER) {
      const { productKey, batchId, packageId } = handOver;
      for (const stored of packages.values()) await present(stored);
      const ofBatch = await registry.listSealedSecrets(productKey, { batchId, limit: Number.MAX_SAFE_INTEGER });
      // From here on nothing waits, so no other caller comes in between.
      const free = ofBatch.filter(({ deviceName }) => !packed.has(keyOf(handOver, deviceName))).slice(0, count);
      if (free.length === 0) return undefined;
      for (const { deviceName } of free) packed.add(keyOf(handOver, deviceName));
      const devices = new Map(free.map(({ deviceName }) => [deviceName, undefined]));
      packages.set(packageId, { handOver, status: "handed_over", devices });
      return { ...handOver, status: "handed_over", count: free.length, burned: 0 };
    },
    async find(packageId) {
      const stored = packages.get(packageId);
      return stored && recordOf(stored);
    },
    async list(batchId) {
      const ofBatch = [...packages.values()].filter(({ handOver }) => handOver.batchId === batchId);
      const sorted = ofBatch.toSorted((a, b) => a.handOver.createdAtMs - b.handOver.createdAtMs);
      return Promise.all(sorted.map(recordOf));
    },
    async listDevices(packageId, { after = "", limit, unburned = false }) {
      const stored = packages.get(packageId);
      const devices = stored ? await present(stored) : [];
      return devices
        .filter(([deviceName, burnedAtMs]) => deviceName > after && !(unburned && burnedAtMs !== undefined))
        .slice(0, limit)
        .map(([deviceName, burnedAtMs]) => ({ deviceName, ...(burnedAtMs === undefined ? {} : { burnedAtMs }) }));
    },
    async markBurned(packageId, burned) {
      const stored = packages.get(packageId);
      if (stored) await present(stored);
      const known = burned.filter(({ deviceName }) => stored?.devices.has(deviceName));
      const marked: { deviceName: DeviceName; iotId: string }[] = [];
      for (const { deviceName, atMs } of known) {
        if (!stored || stored.devices.get(deviceName) !== undefined) continue;
        stored.devices.set(deviceName, atMs);
        const device = await registry.findDevice({ productKey: stored.handOver.productKey, deviceName });
        if (device) marked.push({ deviceName, iotId: device.iotId });
      }
      marked.sort((a, b) => (a.deviceName < b.deviceName ? -1 : 1));
      return { marked, strangers: burned.length - known.length };
    },
    async beginVoiding(packageId) {
      const stored = packages.get(packageId);
      if (stored?.status === "handed_over") stored.status = "voiding";
      return stored && recordOf(stored);
    },
    async findVoiding() {
      const [oldest] = [...packages.values()]
        .filter(({ status }) => status === "voiding")
        .toSorted((a, b) => a.handOver.createdAtMs - b.handOver.createdAtMs);
      return oldest && recordOf(oldest);
    },
    async release(packageId, deviceNames) {
      const stored = packages.get(packageId);
      for (const deviceName of stored ? deviceNames : []) {
        if (stored?.devices.delete(deviceName)) packed.delete(keyOf(stored.handOver, deviceName));
      }
    },
    async settleVoiding(packageId) {
      const stored = packages.get(packageId);
      if (stored?.status === "voiding") stored.status = "voided";
    },
  };
}
