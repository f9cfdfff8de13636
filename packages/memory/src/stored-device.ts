import type { DeviceFilter, DeviceRecord, DeviceStatus, NewDevice, PresenceChange } from "@trine/core/ports";

/** A device as the registry keeps it. */
export interface StoredDevice extends NewDevice {
  readonly batchId: string | undefined;
  readonly disabled: boolean;
  readonly activatedAtMs: number | undefined;
  readonly presence: Presence | undefined;
}

interface Presence {
  readonly epoch: number;
  readonly online: boolean;
  readonly lastOnlineAtMs: number | undefined;
  readonly lastOfflineAtMs: number | undefined;
  readonly peer: string;
  readonly transport: string;
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
    lastPeer: stored.presence?.peer,
    lastTransport: stored.presence?.transport,
  };
}

/** The device after one change of presence; the same when the change is old or about a namesake. */
export function applyPresence(stored: StoredDevice, change: PresenceChange): StoredDevice {
  const { presence } = stored;
  if (stored.iotId !== change.iotId || (presence && !isLater(change, presence))) return stored;
  const { epoch, online, atMs, peer, transport } = change;
  const lastOnlineAtMs = online ? atMs : presence?.lastOnlineAtMs;
  const lastOfflineAtMs = online ? presence?.lastOfflineAtMs : atMs;
  return { ...stored, presence: { epoch, online, lastOnlineAtMs, lastOfflineAtMs, peer, transport } };
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
