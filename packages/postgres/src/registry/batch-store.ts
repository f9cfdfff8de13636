import type { BatchRecord, BatchStore } from "@trine/core/ports";
import { asc, eq, sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { batchErrors, batches, batchLines } from "../schema/batch-tables.ts";
import { commitChunk } from "./commit-chunk.ts";
import { createBatch } from "./create-batch.ts";

const ERRORS_SHOWN = 1_000;

/** Batches in SQL. Leases run by the database's clock, the same for all workers. */
export function createSqlBatchStore(database: SqlDatabase): BatchStore {
  const { db } = database;
  return {
    create: (batch) => createBatch(database, batch),
    find: (batchId) => findBatch(db, batchId),
    async release(batchId) {
      const released = await query(
        db,
        sql`update ${batches} set status = 'pending', worker = null, leased_until = null
          where batch_id = ${batchId} and status = 'held' returning 1`,
      );
      return released.length > 0;
    },
    async claim(worker, leaseMs, limit) {
      const batchId = await claimBatch(db, worker, leaseMs);
      const batch = batchId === undefined ? undefined : await findBatch(db, batchId);
      if (!batch) return undefined;
      const rows = await db
        .select()
        .from(batchLines)
        .where(eq(batchLines.batchId, batch.batchId))
        .orderBy(asc(batchLines.line))
        .limit(limit);
      const lines = rows.map(({ line, deviceName, nickname, tags }) => ({
        line,
        ...(deviceName === null ? {} : { deviceName }),
        ...(nickname === null ? {} : { nickname }),
        ...(tags === null ? {} : { tags }),
      }));
      return { batch, lines };
    },
    commitChunk: (batchId, worker, leaseMs, devices) => commitChunk(database, { batchId, worker, leaseMs, devices }),
  };
}

async function claimBatch(db: Sql, worker: string, leaseMs: number): Promise<string | undefined> {
  // A worker goes on with what it holds. Two workers that come at once skip each other's row instead of waiting for it.
  const [claimed] = await query<{ batch_id: string }>(
    db,
    sql`update ${batches} set status = 'running', worker = ${worker},
        leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      where batch_id = (
        select batch_id from ${batches}
        where status <> 'done' and (worker = ${worker} or leased_until is null or leased_until <= clock_timestamp())
        order by created_at_ms, batch_id limit 1 for update skip locked
      )
      returning batch_id`,
  );
  return claimed?.batch_id;
}

async function findBatch(db: Sql, batchId: string): Promise<BatchRecord | undefined> {
  const [batch] = await db.select().from(batches).where(eq(batches.batchId, batchId));
  if (!batch) return undefined;
  const errors = await db
    .select({
      line: batchErrors.line,
      deviceName: batchErrors.deviceName,
      code: batchErrors.code,
      message: batchErrors.message,
    })
    .from(batchErrors)
    .where(eq(batchErrors.batchId, batchId))
    .orderBy(asc(batchErrors.line))
    .limit(ERRORS_SHOWN);
  const { productKey, status, total, done, failed, createdAtMs } = batch;
  return { batchId, productKey, status, total, done, failed, errors, createdAtMs };
}
