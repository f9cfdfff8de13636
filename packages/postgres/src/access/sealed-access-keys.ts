import { accessKeyContext } from "@trine/core/certificate";
import type { SealedRows } from "@trine/core/ports";
import { asc, sql } from "drizzle-orm";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { accessKeys } from "../schema/access-tables.ts";

/** The secrets of access keys. */
export function createSqlSealedAccessKeys({ db }: SqlDatabase): SealedRows {
  const { accessKeyId, sealedSecret } = accessKeys;
  return {
    place: "access_keys",
    async count() {
      const [row] = await query<{ count: string }>(db, sql`select count(*) as count from ${accessKeys}`);
      return Number(row?.count);
    },
    async list({ after, limit }) {
      const rows = await db
        .select({ accessKeyId, sealedSecret })
        .from(accessKeys)
        .where(after === undefined ? undefined : sql`${accessKeyId} > ${after}`)
        .orderBy(asc(accessKeyId))
        .limit(limit);
      const last = rows.at(-1);
      return {
        rows: rows.map((row) => ({
          key: row.accessKeyId,
          sealed: row.sealedSecret,
          context: accessKeyContext(row.accessKeyId),
        })),
        ...(last && rows.length === limit ? { next: last.accessKeyId } : {}),
      };
    },
    async replace(changes) {
      if (changes.length === 0) return 0;
      const input = changes.map(({ row, to }) => ({ key: row.key, from: row.sealed, to }));
      const changed = await query(
        db,
        sql`update ${accessKeys} as k set sealed_secret = input."to"
          from ${unnested(input, { key: "text", from: "text", to: "text" })}
          where k.access_key_id = input.key and k.sealed_secret = input."from" returning 1`,
      );
      return changed.length;
    },
  };
}
