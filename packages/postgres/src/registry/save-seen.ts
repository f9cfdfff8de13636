import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { DeviceRegistry, DeviceSeen } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { devices } from "../schema/registry-tables.ts";
import { inDeviceOrder, retryDeadlock } from "./write-devices.ts";

/** Writes signs of life, of as many devices as are given by one statement. */
export function createSaveSeen({ db }: SqlDatabase): DeviceRegistry["saveSeen"] {
  return async (seen) => {
    const rows = newestOfEach(seen);
    if (rows.length === 0) return;
    const input = unnested(inDeviceOrder(rows), {
      productKey: "text",
      deviceName: "text",
      iotId: "text",
      atMs: "bigint",
      peer: "text",
      transport: "text",
    });
    await retryDeadlock(() =>
      db.execute(
        sql`update ${devices} as d
          set last_seen_at_ms = input."atMs", last_peer = input.peer, last_transport = input.transport
          from ${input}
          where d.product_key = input."productKey" and d.device_name = input."deviceName" and d.iot_id = input."iotId"
            and coalesce(greatest(d.last_online_at_ms, d.last_offline_at_ms, d.last_seen_at_ms), -1) < input."atMs"`,
      ),
    );
  };
}

type SeenRow = DeviceRef & Omit<DeviceSeen, "device">;

/** An update touches a row once only. */
function newestOfEach(seen: readonly DeviceSeen[]): readonly SeenRow[] {
  const newest = new Map<string, SeenRow>();
  for (const { device, ...rest } of seen) {
    const key = `${deviceKey(device)}/${rest.iotId}`;
    if ((newest.get(key)?.atMs ?? Number.NEGATIVE_INFINITY) < rest.atMs) newest.set(key, { ...device, ...rest });
  }
  return [...newest.values()];
}
