import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { createRecentKeys, moved } from "@trine/core/guard";
import type { Claim, Claimant, Clock, DeviceDirectory, DeviceLocation, Sighting } from "@trine/core/ports";

/** Devices whose last places are remembered: those that were claimed last. */
const MAX_TRAILS = 50_000;

interface Held {
  readonly device: DeviceRef;
  readonly location: DeviceLocation;
}

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
  const holds = new Map<string, Held>();
  const watches = new Map<string, Map<string, number>>();
  const leases = new Map<string, number>();
  const trails = createRecentKeys<readonly Sighting[]>(MAX_TRAILS);
  const contests = createRecentKeys<{ readonly untilMs: number; readonly forMs: number }>(MAX_TRAILS);
  let lastEpoch = 0;

  function isAlive(nodeId: string): boolean {
    return (leases.get(nodeId) ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs();
  }

  function watchersOf(key: string): readonly string[] {
    const watchers = watches.get(key);
    if (!watchers) return [];
    for (const [nodeId, until] of watchers) if (until <= clock.monotonicMs()) watchers.delete(nodeId);
    if (watchers.size === 0) watches.delete(key);
    return [...watchers.keys()];
  }

  function claim(device: DeviceRef, { place, ...holder }: Claimant): Claim {
    const key = deviceKey(device);
    const replaced = holds.get(key)?.location;
    const trail = place === undefined ? undefined : moved(trails.get(key) ?? [], { place, atMs: clock.nowMs() });
    if (trail) trails.set(key, trail);
    lastEpoch = Math.max(lastEpoch + 1, Math.floor(clock.nowMs() * 1_000));
    holds.set(key, { device, location: { ...holder, epoch: lastEpoch } });
    return { epoch: lastEpoch, ...(replaced ? { replaced } : {}), ...(trail ? { trail } : {}) };
  }

  function yields(device: DeviceRef, place: string | undefined): boolean {
    const key = deviceKey(device);
    const contest = contests.get(key);
    if (!contest || contest.untilMs <= clock.monotonicMs() || !holds.has(key)) return false;
    if (trails.get(key)?.at(-1)?.place === place) return false;
    contests.set(key, { ...contest, untilMs: clock.monotonicMs() + contest.forMs });
    return true;
  }

  return {
    claim: async (device, claimant) => claim(device, claimant),
    claimUnlessContested: async (device, claimant) =>
      yields(device, claimant.place) ? undefined : claim(device, claimant),
    async contest(device, forMs) {
      contests.set(deviceKey(device), { untilMs: clock.monotonicMs() + forMs, forMs });
    },
    async release(device, { epoch }) {
      const key = deviceKey(device);
      return holds.get(key)?.location.epoch === epoch && holds.delete(key);
    },
    async locate(device) {
      return holds.get(deviceKey(device))?.location;
    },
    async watch(device, nodeId, forMs) {
      const key = deviceKey(device);
      const watchers = watches.get(key) ?? new Map<string, number>();
      watches.set(key, watchers.set(nodeId, Math.max(watchers.get(nodeId) ?? 0, clock.monotonicMs() + forMs)));
    },
    async reach(device) {
      const key = deviceKey(device);
      const holder = holds.get(key)?.location;
      return [...new Set([...(holder ? [holder.nodeId] : []), ...watchersOf(key)])];
    },
    // One process is the only caller, so nobody has to be kept off.
    async abandoned(_caller, limit) {
      const found: Held[] = [];
      for (const held of holds.values()) {
        if (found.length === limit) break;
        if (!isAlive(held.location.nodeId)) found.push(held);
      }
      return found;
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
