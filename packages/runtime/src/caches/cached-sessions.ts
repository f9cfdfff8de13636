import { deviceKey } from "@trine/core/certificate";
import type { Clock, RevocationTarget, SessionRecord, SessionStore } from "@trine/core/ports";
import { LRUCache } from "lru-cache";

export interface CachedSessions extends SessionStore {
  evict(target: RevocationTarget): void;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Remembers sessions by token hash, so that a device that publishes often costs one look-up in the store now and then.
 *
 * @param options.isTrusted false while this process may have missed a revocation: nothing remembered is used then.
 */
export function createCachedSessions(
  store: SessionStore,
  options: { maxEntries: number; maxAgeMs: number; clock: Clock; isTrusted: () => boolean },
): CachedSessions {
  const { maxEntries, maxAgeMs, clock, isTrusted } = options;
  // A revocation, and every activation, evicts one device: it must not cost a walk over all that is remembered.
  const hashesByDevice = new Map<string, Set<string>>();
  const known = new LRUCache<string, SessionRecord>({
    max: maxEntries,
    ttl: maxAgeMs,
    ttlResolution: 0,
    perf: { now: () => clock.monotonicMs() },
    dispose: ({ device }, hash) => unlist(deviceKey(device), hash),
  });
  // Counts evictions: a look-up that was under way when one happened is not remembered.
  let generation = 0;

  function remember(hash: string, record: SessionRecord): void {
    known.set(hash, record);
    const key = deviceKey(record.device);
    hashesByDevice.set(key, (hashesByDevice.get(key) ?? new Set()).add(hash));
  }

  function unlist(key: string, hash: string): void {
    const hashes = hashesByDevice.get(key);
    hashes?.delete(hash);
    if (hashes?.size === 0) hashesByDevice.delete(key);
  }

  function evict(target: RevocationTarget): void {
    generation += 1;
    const keys =
      "device" in target
        ? [deviceKey(target.device)]
        : [...hashesByDevice.keys()].filter((key) => key.startsWith(`${target.productKey}/`));
    for (const key of keys) for (const hash of [...(hashesByDevice.get(key) ?? [])]) known.delete(hash);
  }

  return {
    save: (tokenHash, record, maxPerDevice) => store.save(tokenHash, record, maxPerDevice),
    async find(tokenHash) {
      const remembered = isTrusted() ? known.get(tokenHash) : undefined;
      if (remembered) return remembered;
      const before = generation;
      const found = await store.find(tokenHash);
      if (found && before === generation) remember(tokenHash, found);
      return found;
    },
    takeSequence: (tokenHash, seq, attempt) => store.takeSequence(tokenHash, seq, attempt),
    async revokeDevice(device, which) {
      const revoked = await store.revokeDevice(device, which);
      evict({ device });
      return revoked;
    },
    evict,
    clear() {
      generation += 1;
      known.clear();
    },
  };
}
