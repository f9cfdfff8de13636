import { createHash } from "node:crypto";
import type { AccessKeyRecord, AccessKeyStore } from "@trine/core/ports";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { accessKeyNonces, accessKeys } from "../schema/access-tables.ts";

const FORGOTTEN_AT_ONCE = 10;

const cursors = createCursors("access-keys", parseAge);

/** Access keys, in SQL. */
export function createSqlAccessKeyStore({ db }: SqlDatabase): AccessKeyStore {
  return {
    async insert({ lastUsed, ...key }) {
      await db
        .insert(accessKeys)
        .values({ ...key, ...(lastUsed ? { lastUsedAtMs: lastUsed.atMs, lastPeer: lastUsed.peer } : {}) });
    },
    async find(accessKeyId) {
      const [row] = await db.select().from(accessKeys).where(eq(accessKeys.accessKeyId, accessKeyId));
      return row && recordOf(row);
    },
    async list({ limit, cursor }) {
      const before = cursors.read(cursor);
      const rows = await db
        .select()
        .from(accessKeys)
        .where(
          before &&
            or(
              lt(accessKeys.createdAtMs, before.createdAtMs),
              and(eq(accessKeys.createdAtMs, before.createdAtMs), lt(accessKeys.accessKeyId, before.accessKeyId)),
            ),
        )
        .orderBy(desc(accessKeys.createdAtMs), desc(accessKeys.accessKeyId))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: (row) => `${row.createdAtMs}.${row.accessKeyId}`, item: recordOf });
    },
    async remove(accessKeyId) {
      const [row] = await db.delete(accessKeys).where(eq(accessKeys.accessKeyId, accessKeyId)).returning();
      return row && recordOf(row);
    },
    async takeNonce(accessKeyId, nonce, { nowMs, endsAtMs }) {
      const digest = createHash("sha256").update(`${accessKeyId} ${nonce}`).digest("base64");
      // What is over goes a few at a time, and whoever comes at the same time passes over what another deletes.
      const taken = await query(
        db,
        sql`with gone as (
            delete from ${accessKeyNonces} where ctid in (
              select ctid from ${accessKeyNonces} where ends_at_ms < ${nowMs} limit ${FORGOTTEN_AT_ONCE} for update skip locked
            )
          )
          insert into ${accessKeyNonces} (digest, ends_at_ms) values (${digest}, ${endsAtMs})
          on conflict (digest) do nothing returning 1`,
      );
      return taken.length > 0;
    },
    async noteUses(uses) {
      for (const { keyId, atMs, peer } of uses) {
        const isLater = or(isNull(accessKeys.lastUsedAtMs), lt(accessKeys.lastUsedAtMs, atMs));
        await db
          .update(accessKeys)
          .set({ lastUsedAtMs: atMs, lastPeer: peer })
          .where(and(eq(accessKeys.accessKeyId, keyId), isLater));
      }
    },
  };
}

function recordOf(row: typeof accessKeys.$inferSelect): AccessKeyRecord {
  const { products, expiresAtMs, lastUsedAtMs, lastPeer, ...rest } = row;
  return {
    ...rest,
    ...(products === null ? {} : { products }),
    ...(expiresAtMs === null ? {} : { expiresAtMs }),
    ...(lastUsedAtMs === null || lastPeer === null ? {} : { lastUsed: { atMs: lastUsedAtMs, peer: lastPeer } }),
  };
}

function parseAge(text: string): { createdAtMs: number; accessKeyId: string } | undefined {
  const [, createdAtMs, accessKeyId = ""] = /^(\d{1,15})\.([A-Za-z0-9]{16,24})$/.exec(text) ?? [];
  return createdAtMs === undefined ? undefined : { createdAtMs: Number(createdAtMs), accessKeyId };
}
