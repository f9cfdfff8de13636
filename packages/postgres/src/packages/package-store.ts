import type { DeviceName } from "@trine/core/certificate";
import type { PackageRecord, PackageStore } from "@trine/core/ports";
import { and, asc, eq, gt, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { packageDevices, packages } from "../schema/package-tables.ts";
import { devices } from "../schema/registry-tables.ts";
import { makePackage } from "./make-package.ts";

/** Hand-over packages in SQL. */
export function createSqlPackageStore(database: SqlDatabase): PackageStore {
  const { db } = database;
  const find = async (packageId: string) => (await select(db, eq(packages.packageId, packageId)))[0];
  return {
    find,
    async make(handOver, count = Number.MAX_SAFE_INTEGER) {
      const taken = await makePackage(database, handOver, count);
      return taken === 0 ? undefined : { ...handOver, status: "handed_over", count: taken, burned: 0 };
    },
    list: (batchId) => select(db, eq(packages.batchId, batchId)),
    async listDevices(packageId, { after, limit, unburned = false }) {
      const rows = await db
        .select({ deviceName: packageDevices.deviceName, burnedAtMs: packageDevices.burnedAtMs })
        .from(packageDevices)
        .where(
          and(
            eq(packageDevices.packageId, packageId),
            after === undefined ? undefined : gt(packageDevices.deviceName, after),
            unburned ? isNull(packageDevices.burnedAtMs) : undefined,
          ),
        )
        .orderBy(asc(packageDevices.deviceName))
        .limit(limit);
      return rows.map(({ deviceName, burnedAtMs }) => ({ deviceName, ...(burnedAtMs === null ? {} : { burnedAtMs }) }));
    },
    markBurned: (packageId, burned) => markBurned(db, packageId, burned),
    async beginVoiding(packageId) {
      const isHandedOver = and(eq(packages.packageId, packageId), eq(packages.status, "handed_over"));
      await db.update(packages).set({ status: "voiding" }).where(isHandedOver);
      return find(packageId);
    },
    async findVoiding() {
      const [oldest] = await db
        .select({ packageId: packages.packageId })
        .from(packages)
        .where(eq(packages.status, "voiding"))
        .orderBy(asc(packages.createdAtMs))
        .limit(1);
      return oldest && find(oldest.packageId);
    },
    async release(packageId, deviceNames) {
      if (deviceNames.length === 0) return;
      const areIn = and(eq(packageDevices.packageId, packageId), inArray(packageDevices.deviceName, [...deviceNames]));
      await db.delete(packageDevices).where(areIn);
    },
    async settleVoiding(packageId) {
      const isVoiding = and(eq(packages.packageId, packageId), eq(packages.status, "voiding"));
      await db.update(packages).set({ status: "voided" }).where(isVoiding);
    },
  };
}

async function select(db: Sql, which: SQL): Promise<readonly PackageRecord[]> {
  const rows = await db
    .select({
      handOver: packages,
      count: sql<number>`count(${packageDevices.deviceName})`,
      burned: sql<number>`count(${packageDevices.burnedAtMs})`,
    })
    .from(packages)
    .leftJoin(packageDevices, eq(packageDevices.packageId, packages.packageId))
    .where(which)
    .groupBy(packages.packageId)
    .orderBy(asc(packages.createdAtMs), asc(packages.packageId));
  return rows.map(({ handOver, count, burned }) => ({ ...handOver, count: Number(count), burned: Number(burned) }));
}

async function markBurned(
  db: Sql,
  packageId: string,
  burned: readonly { readonly deviceName: DeviceName; readonly atMs: number }[],
): ReturnType<PackageStore["markBurned"]> {
  const input = recordset(burned, { deviceName: "text", atMs: "bigint" });
  const known = await query<{ known: number | string }>(
    db,
    sql`select count(*) as known from ${input}
      join ${packageDevices} on package_devices.package_id = ${packageId} and package_devices.device_name = input."deviceName"`,
  );
  const marked = await query<{ device_name: DeviceName; iot_id: string }>(
    db,
    sql`update ${packageDevices} set burned_at_ms = input."atMs"
      from ${input}, ${devices}
      where package_devices.package_id = ${packageId} and package_devices.device_name = input."deviceName"
        and package_devices.burned_at_ms is null
        and devices.product_key = package_devices.product_key and devices.device_name = package_devices.device_name
      returning package_devices.device_name, devices.iot_id`,
  );
  return {
    marked: marked
      .map(({ device_name: deviceName, iot_id: iotId }) => ({ deviceName, iotId }))
      .toSorted((a, b) => (a.deviceName < b.deviceName ? -1 : 1)),
    strangers: burned.length - Number(known[0]?.known ?? 0),
  };
}
