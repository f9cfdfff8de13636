import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Clock, DeviceCredentials, DeviceLookup, RevocationTarget } from "@trine/core/ports";
import { LRUCache } from "lru-cache";

/** An unknown device is remembered too, but briefly: the operator may be adding it right now. */
const UNKNOWN_MS = 1_000;

const UNKNOWN = Symbol("unknown device");

export interface CachedLookup extends DeviceLookup {
  /** Forgets the target; a look-up that is under way will not be remembered. */
  evict(target: RevocationTarget): void;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Puts a bounded memory in front of a look-up. Simultaneous look-ups of one device share one round trip.
 *
 * @param options.isTrusted false while this process may have missed a revocation: nothing remembered is used then.
 */
export function createCachedLookup(
  lookup: DeviceLookup,
  options: { maxEntries: number; maxAgeMs: number; clock: Clock; isTrusted: () => boolean },
): CachedLookup {
  const { maxEntries, maxAgeMs, clock, isTrusted } = options;
  const known = new LRUCache<string, DeviceCredentials | typeof UNKNOWN>({
    max: maxEntries,
    ttl: maxAgeMs,
    ttlResolution: 0,
    perf: { now: () => clock.monotonicMs() },
  });
  const running = new Map<string, Promise<DeviceCredentials | undefined>>();

  function load(device: DeviceRef, key: string): Promise<DeviceCredentials | undefined> {
    const loading: Promise<DeviceCredentials | undefined> = lookup
      .findCredentials(device)
      .then((found) => {
        // Evicted meanwhile: the answer may be from before the revocation, and is not remembered.
        if (running.get(key) === loading) known.set(key, found ?? UNKNOWN, { ttl: found ? maxAgeMs : UNKNOWN_MS });
        return found;
      })
      .finally(() => {
        if (running.get(key) === loading) running.delete(key);
      });
    running.set(key, loading);
    return loading;
  }

  return {
    async findCredentials(device) {
      const key = deviceKey(device);
      const remembered = isTrusted() ? known.get(key) : undefined;
      if (remembered !== undefined) return remembered === UNKNOWN ? undefined : remembered;
      return running.get(key) ?? load(device, key);
    },
    evict(target) {
      forgetMatching(known, target);
      forgetMatching(running, target);
    },
    clear() {
      known.clear();
      running.clear();
    },
  };
}

/** Deletes the entries of a target from a map that is keyed by `deviceKey`. */
function forgetMatching(
  map: { keys(): Iterable<string>; delete(key: string): unknown },
  target: RevocationTarget,
): void {
  if ("device" in target) {
    map.delete(deviceKey(target.device));
    return;
  }
  for (const key of [...map.keys()]) if (key.startsWith(`${target.productKey}/`)) map.delete(key);
}
