import type { BatchError, BatchLine, BatchStore } from "@trine/core/ports";
import { and, eq, lt, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import type { Sql, SqlDatabase } from "../database/sql-database.ts";
import { batchErrors, batches, batchLines } from "../schema/batch-tables.ts";

type NewBatch = Parameters<BatchStore["create"]>[0];

// So many rows take a fraction of the time that one statement may take.
const CHUNK = 5_000;

const HELD_MS = 86_400_000;

/** Stores what a batch asks for, all of it or nothing. */
export function createBatch(database: SqlDatabase, batch: NewBatch): ReturnType<BatchStore["create"]> {
  return database.transaction(async (tx) => {
    // Waits for a transaction that uses the same key right now, so the look-up below finds what that one made.
    if (batch.held) await forgetOldHeld(tx, batch);
    const inserted = await tx
      .insert(batches)
      .values(batchRow(batch))
      .onConflictDoNothing()
      .returning({ batchId: batches.batchId });
    if (inserted.length === 0) return findExisting(tx, batch);
    for (const lines of chunks(batch.lines)) await insertLines(tx, batch.batchId, lines);
    for (const errors of chunks(batch.errors)) await insertErrors(tx, batch.batchId, errors);
    return { outcome: "created", batchId: batch.batchId };
  });
}

async function forgetOldHeld(tx: Sql, { productKey, createdAtMs }: NewBatch): Promise<void> {
  const isOld = lt(batches.createdAtMs, createdAtMs - HELD_MS);
  await tx.delete(batches).where(and(eq(batches.productKey, productKey), eq(batches.status, "held"), isOld));
}

/** Adds errors to a batch; does not count them. */
export async function insertErrors(tx: Sql, batchId: string, errors: readonly BatchError[]): Promise<void> {
  const input = recordset(errors, { line: "integer", deviceName: "text", code: "text", message: "text" });
  await tx.execute(
    sql`insert into ${batchErrors} (batch_id, line, device_name, code, message)
      select ${batchId}, line, "deviceName", code, message from ${input}`,
  );
}

async function insertLines(tx: Sql, batchId: string, lines: readonly BatchLine[]): Promise<void> {
  const input = recordset<Required<BatchLine>>(lines as readonly Required<BatchLine>[], {
    line: "integer",
    deviceName: "text",
    nickname: "text",
    tags: "jsonb",
  });
  await tx.execute(
    sql`insert into ${batchLines} (batch_id, line, device_name, nickname, tags)
      select ${batchId}, line, "deviceName", nickname, tags from ${input}`,
  );
}

function batchRow({ batchId, productKey, lines, errors, idempotencyKey, fingerprint, createdAtMs, held }: NewBatch) {
  return {
    batchId,
    productKey,
    status: held ? ("held" as const) : lines.length > 0 ? ("pending" as const) : ("done" as const),
    // Leased for ever: a process of the release before, which knows no held ones, does not take it either.
    ...(held ? { worker: "held", leasedUntil: sql`'infinity'::timestamptz` } : {}),
    total: lines.length + errors.length,
    failed: errors.length,
    idempotencyKey: idempotencyKey ?? null,
    fingerprint,
    createdAtMs,
  };
}

async function findExisting(tx: Sql, { batchId, productKey, idempotencyKey, fingerprint }: NewBatch) {
  const sameKey = and(eq(batches.productKey, productKey), eq(batches.idempotencyKey, idempotencyKey ?? ""));
  const [existing] = await tx.select().from(batches).where(sameKey);
  if (!existing) throw new Error(`there is a batch ${batchId} already`);
  return existing.fingerprint === fingerprint
    ? { outcome: "existing" as const, batchId: existing.batchId }
    : { outcome: "conflict" as const };
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}
