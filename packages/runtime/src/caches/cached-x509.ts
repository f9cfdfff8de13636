import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Clock, PresentedX509, RevocationTarget, X509Lookup, X509Standing } from "@trine/core/ports";
import { LRUCache } from "lru-cache";

/** A certificate that nobody knows yet is remembered too, but briefly: an operator may be binding it right now. */
const UNKNOWN_MS = 1_000;

export interface CachedX509 extends X509Lookup {
  /** Forgets the target; a look-up that is under way will not be remembered. */
  evict(target: RevocationTarget): void;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Puts a bounded memory in front of the look-up of certificates.
 *
 * @param options.isTrusted false while this process may have missed a revocation: nothing remembered is used then.
 */
export function createCachedX509(
  lookup: X509Lookup,
  options: { maxEntries: number; maxAgeMs: number; clock: Clock; isTrusted: () => boolean },
): CachedX509 {
  const { maxEntries, maxAgeMs, clock, isTrusted } = options;
  // A revocation evicts one device: it must not cost a walk over all that is remembered.
  const namesByDevice = new Map<string, Set<string>>();
  const known = new LRUCache<string, X509Standing>({
    max: maxEntries,
    ttl: maxAgeMs,
    ttlResolution: 0,
    perf: { now: () => clock.monotonicMs() },
    dispose: ({ known: certificate }, name) => certificate && unlist(certificate.device, name),
  });
  // Counts evictions: a look-up that was under way when one happened is not remembered.
  let generation = 0;

  function remember(name: string, standing: X509Standing): void {
    known.set(name, standing, { ttl: standing.known ? maxAgeMs : UNKNOWN_MS });
    if (!standing.known) return;
    const key = deviceKey(standing.known.device);
    namesByDevice.set(key, (namesByDevice.get(key) ?? new Set()).add(name));
  }

  function unlist(device: DeviceRef, name: string): void {
    const names = namesByDevice.get(deviceKey(device));
    names?.delete(name);
    if (names?.size === 0) namesByDevice.delete(deviceKey(device));
  }

  function keysOf(target: RevocationTarget): readonly string[] {
    if ("device" in target) return [deviceKey(target.device)];
    return [...namesByDevice.keys()].filter((key) => key.startsWith(`${target.productKey}/`));
  }

  return {
    async findStanding(presented) {
      const name = nameOf(presented);
      const remembered = isTrusted() ? known.get(name) : undefined;
      if (remembered) return remembered;
      const before = generation;
      const standing = await lookup.findStanding(presented);
      if (before === generation) remember(name, standing);
      return standing;
    },
    evict(target) {
      generation += 1;
      for (const key of keysOf(target)) for (const name of [...(namesByDevice.get(key) ?? [])]) known.delete(name);
    },
    clear() {
      generation += 1;
      known.clear();
    },
  };
}

/** What else was presented takes part: another certificate that came with it may have been revoked. */
function nameOf({ fingerprint, serialNumbers }: PresentedX509): string {
  return `${fingerprint} ${serialNumbers.join(" ")}`;
}
