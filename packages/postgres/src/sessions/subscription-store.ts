import type { DeviceRef } from "@trine/core/certificate";
import type { SubscriptionStore } from "@trine/core/ports";
import { and, eq, sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { subscriptions as table } from "../schema/session-tables.ts";

/** Lasting sessions in SQL: one row for each device. */
export function createSqlSubscriptionStore({ db }: SqlDatabase): SubscriptionStore {
  return {
    async load(device) {
      const [row] = await db.select({ filters: table.filters }).from(table).where(isDevice(device));
      return row && Object.entries(row.filters).map(([filter, qos]) => ({ filter, qos }));
    },
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
        .where(isDevice(device));
    },
    async clear(device) {
      await db.delete(table).where(isDevice(device));
    },
  };
}

function isDevice({ productKey, deviceName }: DeviceRef) {
  return and(eq(table.productKey, productKey), eq(table.deviceName, deviceName));
}
