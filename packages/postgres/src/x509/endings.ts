import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { X509Store } from "@trine/core/ports";
import { and, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { devices } from "../schema/registry-tables.ts";
import { x509Certificates as table } from "../schema/x509-tables.ts";

type EndingMethods = Pick<X509Store, "listEnding" | "noteEndingTold" | "forgetEnded" | "countEnding">;

/** The part of the store that watches over the ends of certificates. */
export function createSqlEndings({ db }: SqlDatabase): EndingMethods {
  return {
    async listEnding({ beforeMs, level }, limit) {
      const rows = await query<{
        fingerprint: string;
        productKey: ProductKey;
        deviceName: DeviceName;
        iotId: string;
        notAfterMs: string;
      }>(
        db,
        sql`select ending.fingerprint, ending.product_key as "productKey", ending.device_name as "deviceName",
            ${devices.iotId} as "iotId", ending.not_after_ms as "notAfterMs"
          from ${table} as ending
          join ${devices} on ${devices.productKey} = ending.product_key and ${devices.deviceName} = ending.device_name
          where ${isEnding(beforeMs)} and (ending.told_level is null or ending.told_level > ${level})
          order by ending.not_after_ms limit ${limit}`,
      );
      return rows.map(({ fingerprint, productKey, deviceName, iotId, notAfterMs }) => ({
        fingerprint,
        device: { productKey, deviceName },
        iotId,
        notAfterMs: Number(notAfterMs),
      }));
    },
    async noteEndingTold(fingerprint, level) {
      const told = await db
        .update(table)
        .set({ toldLevel: level })
        .where(and(eq(table.fingerprint, fingerprint), or(isNull(table.toldLevel), gt(table.toldLevel, level))))
        .returning({ fingerprint: table.fingerprint });
      return told.length > 0;
    },
    async forgetEnded(beforeMs, limit) {
      const gone = await query(
        db,
        sql`delete from ${table} where fingerprint in (
          select fingerprint from ${table} where not_after_ms < ${beforeMs} limit ${limit}) returning fingerprint`,
      );
      return gone.length;
    },
    async countEnding(beforeMs) {
      const last = Math.max(...beforeMs);
      const counts = beforeMs.map((before) => sql`count(*) filter (where ending.not_after_ms < ${before})`);
      const [row] = await query<{ counts: readonly unknown[] }>(
        db,
        sql`select json_build_array(${sql.join(counts, sql`, `)}) as counts from ${table} as ending where ${isEnding(last)}`,
      );
      return (row?.counts ?? []).map(Number);
    },
  };
}

/** In use, and the last one in use of its device. */
function isEnding(beforeMs: number): SQL {
  return sql`ending.first_used_at_ms is not null and ending.revoked_at_ms is null and ending.not_after_ms < ${beforeMs}
    and not exists (
      select from ${table} as later
      where later.product_key = ending.product_key and later.device_name = ending.device_name
        and later.first_used_at_ms is not null and later.revoked_at_ms is null
        and later.not_after_ms > ending.not_after_ms)`;
}
