import type { DeviceRecord, DeviceStatus } from "@trine/core/ports";
import { and, eq, isNotNull, isNull, type SQL } from "drizzle-orm";
import { devices } from "../schema/registry-tables.ts";

type DeviceRow = typeof devices.$inferSelect;

/** What of a row operators see. The secret is not even read. */
export const deviceColumns = {
  productKey: devices.productKey,
  deviceName: devices.deviceName,
  iotId: devices.iotId,
  nickname: devices.nickname,
  tags: devices.tags,
  disabled: devices.disabled,
  online: devices.online,
  createdAtMs: devices.createdAtMs,
  activatedAtMs: devices.activatedAtMs,
  lastOnlineAtMs: devices.lastOnlineAtMs,
  lastOfflineAtMs: devices.lastOfflineAtMs,
  lastSeenAtMs: devices.lastSeenAtMs,
  lastPeer: devices.lastPeer,
  lastTransport: devices.lastTransport,
};

/** The device as operators see it. */
export function deviceRecord(row: Pick<DeviceRow, keyof typeof deviceColumns>): DeviceRecord {
  return {
    device: { productKey: row.productKey, deviceName: row.deviceName },
    iotId: row.iotId,
    nickname: row.nickname ?? undefined,
    tags: row.tags,
    status: statusOf(row),
    createdAtMs: row.createdAtMs,
    activatedAtMs: row.activatedAtMs ?? undefined,
    lastOnlineAtMs: row.lastOnlineAtMs ?? undefined,
    lastOfflineAtMs: row.lastOfflineAtMs ?? undefined,
    lastSeenAtMs: lastSeenAtMs(row),
    lastPeer: row.lastPeer ?? undefined,
    lastTransport: row.lastTransport ?? undefined,
  };
}

/** Coming and going are signs of life as well. */
function lastSeenAtMs(row: Pick<DeviceRow, "lastOnlineAtMs" | "lastOfflineAtMs" | "lastSeenAtMs">): number | undefined {
  const times = [row.lastOnlineAtMs, row.lastOfflineAtMs, row.lastSeenAtMs].filter((time) => time !== null);
  return times.length > 0 ? Math.max(...times) : undefined;
}

function statusOf(row: Pick<DeviceRow, "disabled" | "online" | "activatedAtMs">): DeviceStatus {
  if (row.disabled) return "DISABLE";
  if (row.activatedAtMs === null) return "UNACTIVE";
  return row.online ? "ONLINE" : "OFFLINE";
}

/** The rows of a status: the same rule as a condition. */
export function hasStatus(status: DeviceStatus): SQL | undefined {
  if (status === "DISABLE") return eq(devices.disabled, true);
  const enabled = eq(devices.disabled, false);
  if (status === "UNACTIVE") return and(enabled, isNull(devices.activatedAtMs));
  return and(enabled, isNotNull(devices.activatedAtMs), eq(devices.online, status === "ONLINE"));
}
