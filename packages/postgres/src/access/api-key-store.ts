import type { ApiKeyRecord, ApiKeyStore } from "@trine/core/ports";
import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import type { SqlDatabase } from "../database/sql-database.ts";
import { apiKeys } from "../schema/access-tables.ts";

const cursors = createCursors("api-keys", parseAge);

/** Keys of operators and applications, in SQL. */
export function createSqlApiKeyStore({ db }: SqlDatabase): ApiKeyStore {
  return {
    async insert({ previous, lastUsed, ...key }) {
      await db.insert(apiKeys).values({
        ...key,
        ...(previous ? { previousDigest: previous.digest, previousEndsAtMs: previous.endsAtMs } : {}),
        ...(lastUsed ? { lastUsedAtMs: lastUsed.atMs, lastPeer: lastUsed.peer } : {}),
      });
    },
    async find(keyId) {
      const [row] = await db.select().from(apiKeys).where(eq(apiKeys.keyId, keyId));
      return row && recordOf(row);
    },
    async list({ limit, cursor }) {
      const before = cursors.read(cursor);
      const rows = await db
        .select()
        .from(apiKeys)
        .where(
          before &&
            or(
              lt(apiKeys.createdAtMs, before.createdAtMs),
              and(eq(apiKeys.createdAtMs, before.createdAtMs), lt(apiKeys.keyId, before.keyId)),
            ),
        )
        .orderBy(desc(apiKeys.createdAtMs), desc(apiKeys.keyId))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: (row) => `${row.createdAtMs}.${row.keyId}`, item: recordOf });
    },
    async rotate(keyId, { digest, previousEndsAtMs = null }) {
      const [row] = await db
        .update(apiKeys)
        .set({
          digest,
          // The value before this update: of two rotations at once, one sees the other's digest here.
          previousDigest: previousEndsAtMs === null ? null : sql`${apiKeys.digest}`,
          previousEndsAtMs,
        })
        .where(eq(apiKeys.keyId, keyId))
        .returning();
      return row && recordOf(row);
    },
    async remove(keyId) {
      const [row] = await db.delete(apiKeys).where(eq(apiKeys.keyId, keyId)).returning();
      return row && recordOf(row);
    },
    async noteUses(uses) {
      for (const { keyId, atMs, peer } of uses) {
        const isLater = or(isNull(apiKeys.lastUsedAtMs), lt(apiKeys.lastUsedAtMs, atMs));
        await db
          .update(apiKeys)
          .set({ lastUsedAtMs: atMs, lastPeer: peer })
          .where(and(eq(apiKeys.keyId, keyId), isLater));
      }
    },
  };
}

function recordOf(row: typeof apiKeys.$inferSelect): ApiKeyRecord {
  const { keyId, name, role, products, digest, createdAtMs, createdBy, expiresAtMs } = row;
  const { previousDigest, previousEndsAtMs, lastUsedAtMs, lastPeer } = row;
  return {
    keyId,
    name,
    role,
    ...(products === null ? {} : { products }),
    digest,
    ...(previousDigest === null || previousEndsAtMs === null
      ? {}
      : { previous: { digest: previousDigest, endsAtMs: previousEndsAtMs } }),
    createdAtMs,
    createdBy,
    ...(expiresAtMs === null ? {} : { expiresAtMs }),
    ...(lastUsedAtMs === null || lastPeer === null ? {} : { lastUsed: { atMs: lastUsedAtMs, peer: lastPeer } }),
  };
}

function parseAge(text: string): { createdAtMs: number; keyId: string } | undefined {
  const [, createdAtMs, keyId = ""] = /^(\d{1,15})\.([0-9a-f]{18})$/.exec(text) ?? [];
  return createdAtMs === undefined ? undefined : { createdAtMs: Number(createdAtMs), keyId };
}
