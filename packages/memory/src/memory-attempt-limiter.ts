import type { AttemptLimiter, Clock } from "@trine/core/ports";

const DEFAULT_MAX_PEERS = 100_000;

interface Failures {
  count: number;
  readonly overAtMs: number;
}

/**
 * Counts failures in this process, for the gateway that is the only one. A peer's window starts at its first failure and its
 * count is forgotten when the window is over.
 *
 * Bounded: beyond `maxPeers` the count that would be forgotten first goes, so that a flood of addresses costs no memory.
 */
export function createMemoryAttemptLimiter({
  clock,
  maxPeers = DEFAULT_MAX_PEERS,
}: {
  clock: Clock;
  maxPeers?: number;
}): AttemptLimiter {
  // In the order in which windows started, which is the order in which they end as long as all have one length.
  const failures = new Map<string, Failures>();

  function current(peer: string): Failures | undefined {
    const known = failures.get(peer);
    if (known === undefined || known.overAtMs > clock.monotonicMs()) return known;
    failures.delete(peer);
    return undefined;
  }

  return {
    async admits(peer, limit) {
      return (current(peer)?.count ?? 0) < limit;
    },
    async recordFailure(peer, windowMs) {
      const known = current(peer);
      if (known) {
        known.count += 1;
        return;
      }
      failures.set(peer, { count: 1, overAtMs: clock.monotonicMs() + windowMs });
      const [oldest] = failures.keys();
      if (failures.size > maxPeers && oldest !== undefined) failures.delete(oldest);
    },
  };
}
