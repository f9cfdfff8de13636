import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { DeviceRegistry, PresenceChange } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { devices } from "../schema/registry-tables.ts";
import { inDeviceOrder, retryDeadlock } from "./write-devices.ts";

const CHUNK = 1_000;

/** Writes presence changes, a thousand devices by one statement. */
export function createSavePresence({ db }: SqlDatabase): DeviceRegistry["savePresence"] {
  return async (changes) => {
    const rows = inDeviceOrder(foldChanges(changes));
    for (let start = 0; start < rows.length; start += CHUNK) {
      const input = unnested(rows.slice(start, start + CHUNK), {
        productKey: "text",
        deviceName: "text",
        iotId: "text",
        epoch: "bigint",
        online: "boolean",
        onlineAtMs: "bigint",
        offlineAtMs: "bigint",
        peer: "text",
        transport: "text",
      });
      await retryDeadlock(() =>
        db.execute(
          sql`update ${devices} as d set presence_epoch = input.epoch, online = input.online,
          last_online_at_ms = case when input.online then input."onlineAtMs"
            else greatest(d.last_online_at_ms, input."onlineAtMs") end,
          last_offline_at_ms = case when input.online then greatest(d.last_offline_at_ms, input."offlineAtMs")
            else input."offlineAtMs" end,
          last_peer = input.peer, last_transport = input.transport
        from ${input}
        where d.product_key = input."productKey" and d.device_name = input."deviceName" and d.iot_id = input."iotId"
          and (d.presence_epoch, not d.online) < (input.epoch, not input.online)`,
        ),
      );
    }
  };
}

interface PresenceRow extends DeviceRef {
  readonly iotId: string;
  readonly epoch: number;
  readonly online: boolean;
  readonly onlineAtMs?: number;
  readonly offlineAtMs?: number;
  readonly peer: string;
  readonly transport: string;
}

/** One row for each device, with the effect of its changes one after the other: an update touches a row once only. */
function foldChanges(changes: readonly PresenceChange[]): PresenceRow[] {
  const rows = new Map<string, PresenceRow>();
  for (const { device, iotId, epoch, online, atMs, peer, transport } of changes) {
    const key = `${deviceKey(device)}/${iotId}`;
    const before = rows.get(key);
    if (before && !isLater({ epoch, online }, before)) continue;
    const at = online ? { onlineAtMs: atMs } : { offlineAtMs: atMs };
    rows.set(key, { ...before, ...device, iotId, epoch, online, peer, transport, ...at });
  }
  return [...rows.values()];
}

// A connection goes online once and then offline, both with its epoch. The statement above says the same.
function isLater(change: { epoch: number; online: boolean }, before: { epoch: number; online: boolean }): boolean {
  return change.epoch === before.epoch ? before.online && !change.online : change.epoch > before.epoch;
}
