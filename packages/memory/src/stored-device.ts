import type {
  DeviceFilter,
  DeviceRecord,
  DeviceSeen,
  DeviceStatus,
  NewDevice,
  NextSecret,
  PresenceChange,
} from "@trine/core/ports";

/** A device as the registry keeps it. */
export interface StoredDevice extends NewDevice {
  readonly batchId: string | undefined;
  readonly disabled: boolean;
  readonly activatedAtMs: number | undefined;
  /** When it was last handed what it logs in with. */
  readonly registeredAtMs: number | undefined;
  readonly presence: Presence | undefined;
  /** The last sign of life without a connection. */
  readonly seenAtMs: number | undefined;
  /** Where the last login or sign of life came from. */
  readonly lastFrom: { readonly peer: string; readonly transport: string } | undefined;
  readonly secretVersion: number;
  readonly next: NextSecret | undefined;
  /** The version of the secret that became the only one, as long as not every node knows. */
  readonly unsettled: number | undefined;
}

interface Presence {
  readonly epoch: number;
  readonly online: boolean;
  readonly lastOnlineAtMs: number | undefined;
  readonly lastOfflineAtMs: number | undefined;
}

/** The device as operators see it. */
export function recordOf(stored: StoredDevice): DeviceRecord {
  return {
    device: stored.device,
    iotId: stored.iotId,
    nickname: stored.nickname,
    tags: stored.tags ?? {},
    status: statusOf(stored),
    createdAtMs: stored.createdAtMs,
    activatedAtMs: stored.activatedAtMs,
    lastOnlineAtMs: stored.presence?.lastOnlineAtMs,
    lastOfflineAtMs: stored.presence?.lastOfflineAtMs,
    lastSeenAtMs: lastSeenAtMs(stored),
    lastPeer: stored.lastFrom?.peer,
    lastTransport: stored.lastFrom?.transport,
  };
}

/** The device as nothing has happened to it yet. */
export function newStoredDevice(
  device: NewDevice,
  { batchId, secretVersion }: Pick<StoredDevice, "batchId" | "secretVersion">,
): StoredDevice {
  return {
    ...device,
    batchId,
    disabled: false,
    activatedAtMs: undefined,
    registeredAtMs: undefined,
    presence: undefined,
    seenAtMs: undefined,
    lastFrom: undefined,
    secretVersion,
    next: undefined,
    unsettled: undefined,
  };
}

/** The device after a sign of life; the same when a later one is known or it is about a namesake. */
export function applySeen(stored: StoredDevice, { iotId, atMs, peer, transport }: DeviceSeen): StoredDevice {
  if (stored.iotId !== iotId || atMs <= (lastSeenAtMs(stored) ?? Number.NEGATIVE_INFINITY)) return stored;
  return { ...stored, seenAtMs: atMs, lastFrom: { peer, transport } };
}

function lastSeenAtMs({ presence, seenAtMs }: StoredDevice): number | undefined {
  const times = [presence?.lastOnlineAtMs, presence?.lastOfflineAtMs, seenAtMs].filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** The device after one change of presence; the same when the change is old or about a namesake. */
export function applyPresence(stored: StoredDevice, change: PresenceChange): StoredDevice {
  const { presence } = stored;
  if (stored.iotId !== change.iotId || (presence && !isLater(change, presence))) return stored;
  const { epoch, online, atMs, peer, transport } = change;
  const lastOnlineAtMs = online ? atMs : presence?.lastOnlineAtMs;
  const lastOfflineAtMs = online ? presence?.lastOfflineAtMs : atMs;
  return {
    ...stored,
    presence: { epoch, online, lastOnlineAtMs, lastOfflineAtMs },
    lastFrom: { peer, transport },
  };
}

/** A connection comes online and goes offline under one epoch. */
function isLater(change: PresenceChange, { epoch, online }: Presence): boolean {
  return change.epoch > epoch || (change.epoch === epoch && online && !change.online);
}

/** Whether a device is among those that were asked for. */
export function matches(record: DeviceRecord, { status, namePrefix = "", tags = {} }: DeviceFilter): boolean {
  return (
    (status ?? record.status) === record.status &&
    record.device.deviceName.startsWith(namePrefix) &&
    Object.entries(tags).every(([name, value]) => record.tags[name] === value)
  );
}

/** wire-format 1. */
function statusOf({ disabled, activatedAtMs, presence }: StoredDevice): DeviceStatus {
  if (disabled) return "DISABLE";
  if (activatedAtMs === undefined) return "UNACTIVE";
  return presence?.online ? "ONLINE" : "OFFLINE";
}
