import type { DeviceRef } from "@trine/core/certificate";
import type { X509AuthorityRecord, X509OwnAuthority, X509Store } from "@trine/core/ports";
import { and, asc, eq, gt, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { recordset } from "../database/recordset.ts";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { FOREIGN_KEY_VIOLATION, sqlState } from "../database/sql-fault.ts";
import { products } from "../schema/registry-tables.ts";
import { x509Authorities, x509Certificates, x509OwnAuthority, x509Revocations } from "../schema/x509-tables.ts";
import { revokeCertificates } from "./certificates.ts";

type AuthorityMethods = Pick<
  X509Store,
  | "insertAuthority"
  | "listAuthorities"
  | "deleteAuthority"
  | "revokeSerials"
  | "listRevoked"
  | "findOwnAuthority"
  | "keepOwnAuthority"
>;

const OWN = 1;

const cursors = createCursors("x509_revoked", (text) => (/^[0-9a-f]{1,42}$/.test(text) ? text : undefined));

/** The CAs' part of the store. */
export function createSqlAuthorities(database: SqlDatabase): AuthorityMethods {
  const { db } = database;
  const { productKey: ofProduct, fingerprint: byFingerprint } = x509Authorities;

  async function findOwnAuthority(): Promise<X509OwnAuthority | undefined> {
    const [row] = await db.select().from(x509OwnAuthority).where(eq(x509OwnAuthority.id, OWN));
    if (!row) return undefined;
    const { fingerprint, der, sealedKey, createdAtMs } = row;
    return { fingerprint, der: Buffer.from(der, "base64"), sealedKey, createdAtMs };
  }

  return {
    async insertAuthority({ der, ...authority }) {
      try {
        const inserted = await db
          .insert(x509Authorities)
          .values({ ...authority, der: der.toString("base64") })
          .onConflictDoNothing()
          .returning({ fingerprint: byFingerprint });
        return inserted.length > 0 ? "inserted" : "taken";
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "no_product";
        throw error;
      }
    },
    async listAuthorities(productKey) {
      const rows = await db.select().from(x509Authorities).where(eq(ofProduct, productKey)).orderBy(asc(byFingerprint));
      return rows.map(({ der, ...row }): X509AuthorityRecord => ({ ...row, der: Buffer.from(der, "base64") }));
    },
    async deleteAuthority(productKey, fingerprint) {
      const changed = await query(
        db,
        sql`with gone as (
            delete from ${x509Authorities} where ${and(eq(ofProduct, productKey), eq(byFingerprint, fingerprint))}
            returning product_key
          )
          update ${products} set x509_version = coalesce(x509_version, 0) + 1 from gone
          where products.product_key = gone.product_key returning products.product_key`,
      );
      return changed.length > 0;
    },
    // The list is committed before the certificates are looked for: one that is used for the first time meanwhile is found there.
    async revokeSerials({ productKey, issuerKeyHash }, serialNumbers, { atMs, why }) {
      const rows = [...new Set(serialNumbers)].map((serialNumber) => ({ serialNumber }));
      const listed = recordset(rows, { serialNumber: "text" });
      try {
        await db.execute(
          sql`insert into ${x509Revocations} (product_key, issuer_key_hash, serial_number, revoked_at_ms, why)
            select ${productKey}, ${issuerKeyHash}, "serialNumber", ${atMs}, ${why} from ${listed}
            on conflict do nothing`,
        );
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "no_product";
        throw error;
      }
      const which = sql`product_key = ${productKey} and (
        (issuer_key_hash = ${issuerKeyHash} and serial_number in (select "serialNumber" from ${listed}))
        or (intermediates is not null and exists (
          select from ${listed} where intermediates @> jsonb_build_array(
            jsonb_build_object('issuerKeyHash', ${issuerKeyHash}::text, 'serialNumber', input."serialNumber")))))`;
      await revokeCertificates(db, which, { atMs, why });
      return query<DeviceRef & Record<string, unknown>>(
        db,
        sql`select distinct product_key as "productKey", device_name as "deviceName" from ${x509Certificates} where ${which}`,
      );
    },
    async listRevoked({ productKey, issuerKeyHash }, { limit, cursor }) {
      const { serialNumber, revokedAtMs, why } = x509Revocations;
      const after = cursors.read(cursor);
      const rows = await db
        .select({ serialNumber, revokedAtMs, why })
        .from(x509Revocations)
        .where(
          and(
            eq(x509Revocations.productKey, productKey),
            eq(x509Revocations.issuerKeyHash, issuerKeyHash),
            after === undefined ? undefined : gt(serialNumber, after),
          ),
        )
        .orderBy(asc(serialNumber))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: (row) => row.serialNumber, item: (row) => row });
    },
    findOwnAuthority,
    async keepOwnAuthority({ der, ...authority }) {
      await db
        .insert(x509OwnAuthority)
        .values({ ...authority, id: OWN, der: der.toString("base64") })
        .onConflictDoNothing();
      const kept = await findOwnAuthority();
      if (!kept) throw new Error("the CA that was kept is not there");
      return kept;
    },
  };
}
