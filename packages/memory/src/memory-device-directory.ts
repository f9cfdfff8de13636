import { deviceKey } from "@trine/core/certificate";
import type { Clock, DeviceDirectory, DeviceLocation } from "@trine/core/ports";

/**
 * Knows where devices are within this process, for the gateway that is the only one. Holds one entry per connected device.
 *
 * Presence is stored for ever and ordered by epoch, but this directory forgets everything when the process ends. So an epoch is
 * the wall clock in microseconds, or one more than the last epoch if that is greater: it grows within a process whatever the clock
 * does, and after a restart it starts above everything given out before, as long as claims stay below a million a second on
 * average and the clock is not set back behind the last run. Microseconds since 1970 stay safe integers until the year 2255.
 * One counter serves all devices: nothing has to be remembered about a device that left.
 */
export function createMemoryDeviceDirectory({ clock }: { clock: Clock }): DeviceDirectory {
  const locations = new Map<string, DeviceLocation>();
  const leases = new Map<string, number>();
  let lastEpoch = 0;

  function isAlive(nodeId: string): boolean {
    return (leases.get(nodeId) ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs();
  }

  function locate(key: string): DeviceLocation | undefined {
    const location = locations.get(key);
    return location && isAlive(location.nodeId) ? location : undefined;
  }

  return {
    async claim(device, { nodeId, connectionId }) {
      const key = deviceKey(device);
      const replaced = locate(key);
      lastEpoch = Math.max(lastEpoch + 1, Math.floor(clock.nowMs() * 1_000));
      locations.set(key, { nodeId, connectionId, epoch: lastEpoch });
      return { epoch: lastEpoch, ...(replaced ? { replaced } : {}) };
    },
    async release(device, epoch) {
      const key = deviceKey(device);
      return locations.get(key)?.epoch === epoch && locations.delete(key);
    },
    async locate(device) {
      return locate(deviceKey(device));
    },
    async renewNode(nodeId, leaseMs) {
      leases.set(nodeId, clock.monotonicMs() + leaseMs);
    },
    async endNode(nodeId) {
      leases.delete(nodeId);
    },
    async liveNodes() {
      for (const nodeId of [...leases.keys()]) if (!isAlive(nodeId)) leases.delete(nodeId);
      return [...leases.keys()];
    },
  };
}
