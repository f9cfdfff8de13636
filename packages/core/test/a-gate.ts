import { createHash } from "node:crypto";
import {
  type AuthDeps,
  type AuthSettings,
  createAuthenticator,
  createSessionResumer,
  DEFAULT_AUTH_SETTINGS,
} from "../src/auth/index.ts";
import { createVault, type DeviceRef, deviceKey, Secret } from "../src/certificate/index.ts";
import type {
  AttemptLimiter,
  DeviceCredentials,
  ProductPolicy,
  Random,
  SessionRecord,
  SessionStore,
} from "../src/ports/index.ts";
import { noting } from "./recorded-calls.ts";

export const NOW_MS = 1_700_000_000_123;

/** A core's authentication over ports that live in this process and note their calls. */
export interface Gate {
  readonly deps: AuthDeps;
  readonly authenticator: ReturnType<typeof createAuthenticator>;
  readonly resumer: ReturnType<typeof createSessionResumer>;
  /** What the ports were asked since the gate was made, as `port.method`. */
  readonly calls: string[];
  /** Sessions by the hash of their token. */
  readonly sessions: ReadonlyMap<string, SessionRecord>;
  /** Devices that `registry.activate` made active. */
  readonly activated: ReadonlySet<string>;
  /** Adds a device, or puts another in its place. */
  add(device: DeviceRef, deviceSecret: string, given?: Partial<DeviceCredentials> & { policy?: ProductPolicy }): void;
  remove(device: DeviceRef): void;
  /** Sets the wall clock. */
  setNow(ms: number): void;
}

/** Makes a gate with time standing still at `NOW_MS`, and no device. */
export function aGate(settings: Partial<AuthSettings> = {}): Gate {
  const calls: string[] = [];
  const random = countingRandom();
  const vault = createVault([Buffer.alloc(32, 7)], random);
  const devices = new Map<string, DeviceCredentials>();
  const activated = new Set<string>();
  const sessions = new Map<string, SessionRecord>();
  let nowMs = NOW_MS;

  const deps: AuthDeps = {
    lookup: noting("lookup", { findCredentials: async (device: DeviceRef) => devices.get(deviceKey(device)) }, calls),
    registry: noting(
      "registry",
      { activate: async (device: DeviceRef) => addOnce(activated, deviceKey(device)) },
      calls,
    ),
    sessions: noting("sessions", sessionStore(sessions), calls),
    limiter: noting("limiter", attemptLimiter(), calls),
    vault: noting("vault", vault, calls),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    random,
    settings: { ...DEFAULT_AUTH_SETTINGS, ...settings },
  };
  const gate = { authenticator: createAuthenticator(deps), resumer: createSessionResumer(deps) };
  // Making it seals the decoy, once a process; what is counted is what attempts cost.
  calls.length = 0;
  return {
    ...gate,
    deps,
    calls,
    sessions,
    activated,
    add(device, deviceSecret, { policy = {}, ...given } = {}) {
      const product = { productKey: device.productKey, nodeType: "device" as const, policy, topicClasses: [] };
      const sealedSecret = vault.seal(new Secret(deviceSecret), deviceKey(device));
      const state = { iotId: `iot-${device.deviceName}`, secretVersion: 1, disabled: false, activated: true };
      devices.set(deviceKey(device), { device, product, sealedSecret, ...state, ...given });
    },
    remove: (device) => void devices.delete(deviceKey(device)),
    setNow: (ms) => {
      nowMs = ms;
    },
  };
}

/** The same draws in every run, and no two alike. */
function countingRandom(): Random {
  let draws = 0;
  return {
    bytes(count) {
      draws += 1;
      const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, block) =>
        createHash("sha256").update(`${draws}/${block}`).digest(),
      );
      return Buffer.concat(blocks).subarray(0, count);
    },
  };
}

function sessionStore(sessions: Map<string, SessionRecord>): SessionStore {
  const taken = new Set<string>();
  return {
    save: async (tokenHash, record) => void sessions.set(tokenHash, record),
    find: async (tokenHash) => sessions.get(tokenHash),
    async takeSequence(tokenHash, seq, window) {
      if (!sessions.has(tokenHash)) return "no_session";
      return addOnce(taken, `${tokenHash}/${seq}/${window}`) ? "taken" : "replayed";
    },
    revokeDevice: async () => 0,
  };
}

function attemptLimiter(): AttemptLimiter {
  const failures = new Map<string, number>();
  return {
    admits: async (peer, limit) => (failures.get(peer) ?? 0) < limit,
    recordFailure: async (peer) => void failures.set(peer, (failures.get(peer) ?? 0) + 1),
  };
}

function addOnce(set: Set<string>, entry: string): boolean {
  const first = !set.has(entry);
  set.add(entry);
  return first;
}
