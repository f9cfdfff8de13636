import type { Recorder } from "@trine/core/ports";
import { type CachedLookup, createCachedLookup } from "../caches/cached-lookup.ts";
import { type CachedSessions, createCachedSessions } from "../caches/cached-sessions.ts";
import { type CachedX509, createCachedX509 } from "../caches/cached-x509.ts";
import { createSharedProfiles } from "../caches/shared-profiles.ts";
import type { RuntimeSettings } from "../settings/runtime-settings.ts";
import type { Stores } from "../stores/stores.ts";
import { systemClock } from "./clock.ts";
import { createMembership, type Membership } from "./membership.ts";

/** Puts this process's memories in front of the stores, together with what tells whether they may be used. */
export function createMemories(deps: {
  runtime: RuntimeSettings;
  stores: Stores;
  nodeId: string;
  recorder: Recorder;
  /** Called whenever what is remembered may be stale. */
  forgetMore: () => void;
}): { membership: Membership; lookup: CachedLookup; sessions: CachedSessions; x509Lookup: CachedX509 } {
  const { runtime, stores, nodeId, recorder, forgetMore } = deps;
  const options = {
    maxEntries: runtime.TRINE_CACHE_DEVICES,
    maxAgeMs: runtime.TRINE_CACHE_SECONDS * 1_000,
    clock: systemClock,
    isTrusted: () => membership.isTrusted(),
  };
  const lookup = createCachedLookup(createSharedProfiles(stores.registry), options);
  const sessions = createCachedSessions(stores.sessions, options);
  const x509Lookup = createCachedX509(stores.x509, options);
  const membership = createMembership({
    nodeId,
    directory: stores.directory,
    bus: stores.bus,
    clock: systemClock,
    recorder,
    // A process that is the only one has nobody who could take it for dead.
    leaseMs: runtime.REDIS_URL ? runtime.TRINE_NODE_LEASE_SECONDS * 1_000 : Number.MAX_SAFE_INTEGER,
    identityLeaseMs: runtime.TRINE_IDENTITY_LEASE_SECONDS * 1_000,
    forgetAll() {
      lookup.clear();
      sessions.clear();
      x509Lookup.clear();
      forgetMore();
    },
  });
  return { membership, lookup, sessions, x509Lookup };
}
