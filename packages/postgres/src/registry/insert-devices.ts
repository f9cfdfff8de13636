import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { NewDevice } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { spentVersions } from "../schema/key-tables.ts";
import { devices as table } from "../schema/registry-tables.ts";

/**
 * Adds devices of one product by one statement; names that are taken stay as they are.
 *
 * @returns the names that were added. Of a name that comes twice in `devices`, the first one counts.
 * @throws with SQLSTATE 23503 when there is no such product.
 */
export async function insertDevices(
  db: Sql,
  productKey: ProductKey,
  devices: readonly (NewDevice & { batchId?: string })[],
): Promise<ReadonlySet<DeviceName>> {
  // In the order of names: two callers whose names overlap then wait for each other one way only, and cannot lock up.
  const inOrder = devices.toSorted((a, b) =>
    a.device.deviceName < b.device.deviceName ? -1 : a.device.deviceName > b.device.deviceName ? 1 : 0,
  );
  const rows = inOrder.map(({ device, iotId, sealedSecret, nickname, tags, createdAtMs, batchId }) => ({
    deviceName: device.deviceName,
    iotId,
    sealedSecret,
    nickname,
    tags: tags ?? {},
    createdAtMs,
    batchId,
  }));
  const input = recordset(rows, {
    deviceName: "text",
    iotId: "text",
    sealedSecret: "text",
    nickname: "text",
    tags: "jsonb",
    createdAtMs: "bigint",
    batchId: "text",
  });
  const added = await query<{ device_name: DeviceName }>(
    db,
    sql`insert into ${table}
        (product_key, device_name, iot_id, sealed_secret, secret_version, nickname, tags, created_at_ms, batch_id)
      select ${productKey}, "deviceName", "iotId", "sealedSecret", coalesce(spent.secret_version, 0) + 1,
        nickname, tags, "createdAtMs", "batchId"
      from ${input} left join ${spentVersions} spent
        on spent.product_key = ${productKey} and spent.device_name = input."deviceName"
      order by "deviceName" collate "C"
      on conflict do nothing returning device_name`,
  );
  return new Set(added.map((row) => row.device_name));
}
