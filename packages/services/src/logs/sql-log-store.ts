import type { DeviceRef } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { and, desc, eq, lt, lte, max, sql } from "drizzle-orm";
import type { LogStore } from "./store.ts";
import { logRecords, logSwitches } from "./tables.ts";

/** Logs of devices, in SQL. */
export function createSqlLogStore(database: SqlDatabase): LogStore {
  const { db } = database;
  return {
    async isOn({ productKey, deviceName }) {
      const [row] = await db
        .select({ isOn: logSwitches.isOn })
        .from(logSwitches)
        .where(and(eq(logSwitches.productKey, productKey), eq(logSwitches.deviceName, deviceName)));
      return row?.isOn ?? false;
    },
    async turn({ productKey, deviceName }, isOn) {
      await db
        .insert(logSwitches)
        .values({ productKey, deviceName, isOn })
        .onConflictDoUpdate({ target: [logSwitches.productKey, logSwitches.deviceName], set: { isOn } });
    },
    append: (device, records, { nowMs, keep }) =>
      database.transaction(async (tx) => {
        const { productKey, deviceName } = device;
        // Posts of one device at once take turns, so that their positions differ.
        await query(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`logs/${productKey}/${deviceName}`}, 0))`);
        const [newest] = await tx
          .select({ position: max(logRecords.position) })
          .from(logRecords)
          .where(isOf(device));
        const last = Number(newest?.position ?? 0);
        await tx
          .insert(logRecords)
          .values(
            records.map((text, at) => ({ productKey, deviceName, position: last + 1 + at, receivedAtMs: nowMs, text })),
          );
        await tx.delete(logRecords).where(and(isOf(device), lte(logRecords.position, last + records.length - keep)));
      }),
    list: (device, { limit, before = Number.MAX_SAFE_INTEGER }) =>
      db
        .select({ position: logRecords.position, receivedAtMs: logRecords.receivedAtMs, text: logRecords.text })
        .from(logRecords)
        .where(and(isOf(device), lt(logRecords.position, before)))
        .orderBy(desc(logRecords.position))
        .limit(limit),
    async clear(device) {
      await db.delete(logRecords).where(isOf(device));
    },
  };
}

function isOf({ productKey, deviceName }: DeviceRef) {
  return and(eq(logRecords.productKey, productKey), eq(logRecords.deviceName, deviceName));
}
