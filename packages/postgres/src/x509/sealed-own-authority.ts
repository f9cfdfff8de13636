import { ownAuthorityContext } from "@trine/core/certificate";
import type { SealedRows } from "@trine/core/ports";
import { and, eq } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { x509OwnAuthority } from "../schema/x509-tables.ts";

/** The key of Trine's own CA: one row at the most. */
export function createSqlSealedOwnAuthority({ db }: SqlDatabase): SealedRows {
  const { fingerprint, sealedKey } = x509OwnAuthority;
  return {
    place: "x509_own_authority",
    async count() {
      return (await db.select({ fingerprint }).from(x509OwnAuthority)).length;
    },
    async list({ after }) {
      if (after !== undefined) return { rows: [] };
      const rows = await db.select({ fingerprint, sealedKey }).from(x509OwnAuthority);
      return {
        rows: rows.map((row) => ({
          key: row.fingerprint,
          sealed: row.sealedKey,
          context: ownAuthorityContext(row.fingerprint),
        })),
      };
    },
    async replace(changes) {
      let replaced = 0;
      for (const { row, to } of changes) {
        const changed = await db
          .update(x509OwnAuthority)
          .set({ sealedKey: to })
          .where(and(eq(fingerprint, row.key), eq(sealedKey, row.sealed)))
          .returning({ fingerprint });
        replaced += changed.length;
      }
      return replaced;
    },
  };
}
