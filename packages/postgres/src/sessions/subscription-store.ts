import type { DeviceRef } from "@trine/core/certificate";
import type { Subscription, SubscriptionStore } from "@trine/core/ports";
import { and, eq, sql } from "drizzle-orm";
import { createGroupCommit } from "../database/group-commit.ts";
import { recordset } from "../database/recordset.ts";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { subscriptions as table } from "../schema/session-tables.ts";

/** Lasting sessions in SQL: one row for each device. What every login does is done for many logins at once. */
export function createSqlSubscriptionStore({ db }: SqlDatabase): SubscriptionStore {
  const load = createGroupCommit<DeviceRef, readonly Subscription[] | undefined>({
    flush: (devices) => loadAll(db, devices),
  });
  const clear = createGroupCommit<DeviceRef, undefined>({ flush: (devices) => clearAll(db, devices) });
  return {
    load,
    async add(device, subscriptions) {
      const filters = Object.fromEntries(subscriptions.map(({ filter, qos }) => [filter, qos]));
      await db
        .insert(table)
        .values({ ...device, filters })
        .onConflictDoUpdate({
          target: [table.productKey, table.deviceName],
          set: { filters: sql`${table.filters} || excluded.filters` },
        });
    },
    async remove(device, filters) {
      const names = sql`select jsonb_array_elements_text(${JSON.stringify(filters)}::jsonb)`;
      await db
        .update(table)
        .set({ filters: sql`${table.filters} - array(${names})` })
        .where(and(eq(table.productKey, device.productKey), eq(table.deviceName, device.deviceName)));
    },
    clear,
  };
}

async function loadAll(
  db: Sql,
  devices: readonly DeviceRef[],
): Promise<readonly (readonly Subscription[] | undefined)[]> {
  const rows = await query<{ request: number; filters: Readonly<Record<string, 0 | 1>> }>(
    db,
    sql`select input.request, s.filters from ${inputOf(devices)}
      join ${table} s on s.product_key = input."productKey" and s.device_name = input."deviceName"`,
  );
  const found = new Map(rows.map(({ request, filters }) => [request, filters]));
  return devices.map((_, request) => {
    const filters = found.get(request);
    return filters && Object.entries(filters).map(([filter, qos]) => ({ filter, qos }));
  });
}

async function clearAll(db: Sql, devices: readonly DeviceRef[]): Promise<readonly undefined[]> {
  await db.execute(
    sql`delete from ${table} s using ${inputOf(devices)}
      where s.product_key = input."productKey" and s.device_name = input."deviceName"`,
  );
  return devices.map(() => undefined);
}

function inputOf(devices: readonly DeviceRef[]) {
  return recordset(
    devices.map(({ productKey, deviceName }, request) => ({ request, productKey, deviceName })),
    { request: "integer", productKey: "text", deviceName: "text" },
  );
}
