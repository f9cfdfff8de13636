import { and, inArray, lt, sql } from "drizzle-orm";
import type { Sql } from "../database/sql-database.ts";
import { mailboxMessages as table } from "../schema/messaging-tables.ts";

export const DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000;
const EVERY_MS = 60_000;
const AT_MOST = 1_000;

/**
 * Makes a function that writers call now and then with the time: it empties messages that expired, and forgets those that ended
 * longer ago than the retention.
 */
export function createMailboxSweep(db: Sql, retentionMs: number): (nowMs: number) => Promise<void> {
  let sweptAtMs = 0;
  return async (nowMs) => {
    if (nowMs - sweptAtMs < EVERY_MS) return;
    sweptAtMs = nowMs;
    const old = (condition: ReturnType<typeof and>) =>
      db.select({ position: table.position }).from(table).where(condition).orderBy(table.endsAtMs).limit(AT_MOST);
    await db
      .update(table)
      .set({ state: "expired", waiting: false, payload: Buffer.alloc(0), changedAtMs: sql`${table.expiresAtMs}` })
      .where(inArray(table.position, old(and(table.waiting, lt(table.endsAtMs, nowMs)))));
    await db.delete(table).where(inArray(table.position, old(lt(table.endsAtMs, nowMs - retentionMs))));
  };
}
