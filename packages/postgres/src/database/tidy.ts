import type { SqlDatabase } from "./sql-database.ts";

const EVERY_MS = 10 * 60_000;

const tidiedAt = new WeakMap<SqlDatabase, number>();

/**
 * Reclaims the space of deleted rows in the embedded database, every ten minutes at most. A Postgres server does this by itself;
 * PGlite has no background processes, so without it the folder would grow for ever, and transaction ids would run out.
 */
export async function tidy(database: SqlDatabase): Promise<void> {
  if (database.kind !== "pglite") return;
  const now = performance.now();
  const last = tidiedAt.get(database);
  if (last !== undefined && now - last < EVERY_MS) return;
  tidiedAt.set(database, now);
  await database.client.exec("vacuum (analyze)");
}
