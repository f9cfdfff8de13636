import type { DeviceRef } from "@trine/core/certificate";
import type { X509Record, X509Store } from "@trine/core/ports";
import { and, asc, desc, eq, isNull, sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { FOREIGN_KEY_VIOLATION, sqlState } from "../database/sql-fault.ts";
import { devices } from "../schema/registry-tables.ts";
import { x509Certificates as table } from "../schema/x509-tables.ts";

type CertificateMethods = Pick<X509Store, "insert" | "noteFirstUse" | "find" | "list" | "revoke">;

/** The certificates' part of the store. */
export function createSqlCertificates({ db }: SqlDatabase): CertificateMethods {
  return {
    async insert(record) {
      try {
        const inserted = await db
          .insert(table)
          .values(rowOf(record))
          .onConflictDoNothing()
          .returning({ fingerprint: table.fingerprint });
        return inserted.length > 0 ? "inserted" : "taken";
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "no_device";
        throw error;
      }
    },
    async noteFirstUse(record) {
      const { productKey, deviceName } = record.device;
      const { subject, serialNumber, notBeforeMs, notAfterMs } = record.seen;
      await db
        .insert(table)
        .values(rowOf(record))
        .onConflictDoUpdate({
          target: table.fingerprint,
          set: { subject, serialNumber, notBeforeMs, notAfterMs, firstUsedAtMs: record.firstUsedAtMs },
          setWhere: sql`${and(
            eq(table.productKey, productKey),
            eq(table.deviceName, deviceName),
            isNull(table.firstUsedAtMs),
          )}`,
        })
        // The device was deleted just now, and its certificates with it.
        .catch((error: unknown) => {
          if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
        });
    },
    async find(fingerprint) {
      const [row] = await db.select().from(table).where(eq(table.fingerprint, fingerprint));
      return row && recordOf(row);
    },
    async list({ productKey, deviceName }) {
      const rows = await db
        .select()
        .from(table)
        .where(and(eq(table.productKey, productKey), eq(table.deviceName, deviceName)))
        .orderBy(desc(table.createdAtMs), asc(table.fingerprint));
      return rows.map(recordOf);
    },
    async revoke({ productKey, deviceName }, fingerprint, revoked) {
      const ofDevice = and(eq(table.productKey, productKey), eq(table.deviceName, deviceName));
      const which = sql`${and(ofDevice, eq(table.fingerprint, fingerprint))}`;
      return (await revokeCertificates(db, which, revoked)).length > 0;
    },
  };
}

/** Revokes those that match and are not revoked yet, and raises the version of their devices, in one statement. @returns their devices. */
export async function revokeCertificates(
  db: Sql,
  which: ReturnType<typeof sql>,
  { atMs, why }: { atMs: number; why: string },
): Promise<DeviceRef[]> {
  return query<Pick<X509Row, "productKey" | "deviceName">>(
    db,
    sql`with gone as (
        update ${table} set revoked_at_ms = ${atMs}, revoked_why = ${why}
        where ${which} and revoked_at_ms is null
        returning product_key, device_name
      )
      update ${devices} set x509_version = coalesce(x509_version, 0) + 1
      from (select distinct product_key, device_name from gone) as of
      where devices.product_key = of.product_key and devices.device_name = of.device_name
      returning devices.product_key as "productKey", devices.device_name as "deviceName"`,
  );
}

type X509Row = typeof table.$inferSelect;

function rowOf({ device, seen, der, ...record }: X509Record): typeof table.$inferInsert {
  return { ...record, ...device, ...seen, ...(der ? { der: der.toString("base64") } : {}) };
}

function recordOf({ productKey, deviceName, der, ...row }: X509Row): X509Record {
  const { fingerprint, origin, createdAtMs, issuerKeyHash, intermediates, firstUsedAtMs } = row;
  const { revokedAtMs, revokedWhy } = row;
  return {
    fingerprint,
    device: { productKey, deviceName },
    origin,
    createdAtMs,
    ...seenOf(row),
    ...(der === null ? {} : { der: Buffer.from(der, "base64") }),
    ...(issuerKeyHash === null ? {} : { issuerKeyHash }),
    ...(intermediates === null ? {} : { intermediates }),
    ...(firstUsedAtMs === null ? {} : { firstUsedAtMs }),
    ...(revokedAtMs === null ? {} : { revokedAtMs }),
    ...(revokedWhy === null ? {} : { revokedWhy }),
  };
}

function seenOf({
  subject,
  serialNumber,
  notBeforeMs,
  notAfterMs,
}: Pick<X509Row, "subject" | "serialNumber" | "notBeforeMs" | "notAfterMs">): Pick<X509Record, "seen"> {
  if (subject === null || serialNumber === null || notBeforeMs === null || notAfterMs === null) return {};
  return { seen: { subject, serialNumber, notBeforeMs, notAfterMs } };
}
