import { createHash } from "node:crypto";
import {
  type AuthDeps,
  type AuthSettings,
  createAuthenticator,
  createSessionResumer,
  DEFAULT_AUTH_SETTINGS,
  type EndingRotation,
} from "../src/auth/index.ts";
import { createVault, type DeviceRef, deviceKey, Secret } from "../src/certificate/index.ts";
import { createGuard, type GuardSettings, NO_LIMITS } from "../src/guard/create-guard.ts";
import { createMessageIds } from "../src/messaging/message-id.ts";
import type {
  DeviceCredentials,
  DeviceSeen,
  ProductPolicy,
  Random,
  SessionRecord,
  SessionStore,
  TimelineEvent,
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
  /** Rotations that were ended, what was noted for timelines, and signs of life. */
  readonly ended: readonly EndingRotation[];
  readonly noted: readonly TimelineEvent[];
  readonly seen: readonly DeviceSeen[];
  /** Adds a device, or puts another in its place. */
  add(
    device: DeviceRef,
    deviceSecret: string,
    given?: Partial<Omit<DeviceCredentials, "next">> & {
      policy?: ProductPolicy;
      policyVersion?: number;
      next?: { deviceSecret: string; secretVersion: number; graceEndsAtMs: number };
    },
  ): void;
  remove(device: DeviceRef): void;
  /** Sets the wall clock. */
  setNow(ms: number): void;
}

/** Makes a gate with time standing still at `NOW_MS`, and no device. */
export function aGate(settings: Partial<AuthSettings & GuardSettings> = {}): Gate {
  const faults: unknown[] = [];
  const calls: string[] = [];
  const random = countingRandom();
  const vault = createVault([Buffer.alloc(32, 7)], random);
  const devices = new Map<string, DeviceCredentials>();
  const activated = new Set<string>();
  const sessions = new Map<string, SessionRecord>();
  const [ended, noted, seen]: [EndingRotation[], TimelineEvent[], DeviceSeen[]] = [[], [], []];
  let nowMs = NOW_MS;

  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };

  const deps: AuthDeps = {
    lookup: noting("lookup", { findCredentials: async (device: DeviceRef) => devices.get(deviceKey(device)) }, calls),
    registry: noting(
      "registry",
      { activate: async (device: DeviceRef) => addOnce(activated, deviceKey(device)) },
      calls,
    ),
    sessions: noting("sessions", sessionStore(sessions), calls),
    ...createGuard({
      limiter: noting("limiter", { addFailures: async () => 0 }, calls),
      clock,
      random,
      recorder: { fault: (_where, error) => void faults.push(error) },
      settings: { ...NO_LIMITS, ...settings },
      hasRoom: () => true,
    }),
    clones: { noteUse: () => undefined },
    vault: noting("vault", vault, calls),
    x509: noting(
      "x509",
      { findStanding: async () => ({ authorities: [], revoked: [] }), noteFirstUse: async () => {} },
      calls,
    ),
    rotations: noting("rotations", { end: async (rotation: EndingRotation) => ended.push(rotation) > 0 }, calls),
    messageIds: createMessageIds({ clock, random }),
    notes: { note: (event) => void noted.push(event) },
    presence: { noteSeen: (sign) => void seen.push(sign) },
    clock,
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
    ended,
    noted,
    seen,
    add(device, deviceSecret, { policy = {}, policyVersion = 0, next, ...given } = {}) {
      const product = {
        productKey: device.productKey,
        nodeType: "device" as const,
        policy,
        policyVersion,
        topicClasses: [],
      };
      const seal = (secret: string) => vault.seal(new Secret(secret), deviceKey(device));
      const sealedSecret = seal(deviceSecret);
      const second = next && { ...next, sealedSecret: seal(next.deviceSecret) };
      const state = { iotId: `iot-${device.deviceName}`, secretVersion: 1, disabled: false, activated: true };
      devices.set(deviceKey(device), {
        device,
        product,
        sealedSecret,
        ...state,
        ...given,
        ...(second ? { next: second } : {}),
      });
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
  const taken = new Map<string, { origin: string; messageId: string }>();
  return {
    save: async (tokenHash, record) => void sessions.set(tokenHash, record),
    find: async (tokenHash) => sessions.get(tokenHash),
    async takeSequence(tokenHash, seq, { origin, messageId }) {
      if (!sessions.has(tokenHash)) return { outcome: "no_session" };
      const first = taken.get(`${tokenHash}/${seq}`);
      if (first)
        return first.origin === origin ? { outcome: "repeated", messageId: first.messageId } : { outcome: "replayed" };
      taken.set(`${tokenHash}/${seq}`, { origin, messageId });
      return { outcome: "taken", messageId };
    },
    revokeDevice: async () => 0,
  };
}

function addOnce(set: Set<string>, entry: string): boolean {
  const first = !set.has(entry);
  set.add(entry);
  return first;
}
