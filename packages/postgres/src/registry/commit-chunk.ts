import type { ProductKey } from "@trine/core/certificate";
import type { BatchError, NewDevice } from "@trine/core/ports";
import { eq, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { batches, batchLines } from "../schema/batch-tables.ts";
import { products } from "../schema/registry-tables.ts";
import { insertErrors } from "./create-batch.ts";
import { insertDevices } from "./insert-devices.ts";

type BatchDevice = NewDevice & { line: number };

interface Chunk {
  readonly batchId: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly devices: readonly BatchDevice[];
}

/** Registers a chunk of a batch and counts it, in one transaction. @returns whether the worker held the batch. */
export function commitChunk(database: SqlDatabase, chunk: Chunk): Promise<boolean> {
  return database.transaction(async (tx) => {
    const productKey = await renewLease(tx, chunk);
    if (productKey === undefined) return false;
    const devices = await takeLines(tx, chunk);
    const errors = await register(tx, { productKey, batchId: chunk.batchId, devices });
    if (errors.length > 0) await insertErrors(tx, chunk.batchId, errors);
    await count(tx, chunk.batchId, { done: devices.length - errors.length, failed: errors.length });
    return true;
  });
}

async function renewLease(tx: Sql, { batchId, worker, leaseMs }: Chunk): Promise<ProductKey | undefined> {
  const [held] = await query<{ product_key: ProductKey }>(
    tx,
    sql`update ${batches} set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      where batch_id = ${batchId} and worker = ${worker} and status <> 'done' and leased_until > clock_timestamp()
      returning product_key`,
  );
  return held?.product_key;
}

/** The devices whose lines nobody handled yet: a chunk that comes a second time must not find its own names taken. */
async function takeLines(tx: Sql, { batchId, devices }: Chunk): Promise<readonly BatchDevice[]> {
  const input = recordset(
    devices.map(({ line }) => ({ line })),
    { line: "integer" },
  );
  const taken = await query<{ line: number }>(
    tx,
    sql`delete from ${batchLines} using ${input}
      where batch_lines.batch_id = ${batchId} and batch_lines.line = input.line returning batch_lines.line`,
  );
  const lines = new Set(taken.map(({ line }) => line));
  return devices.filter(({ line }) => lines.has(line));
}

/** Inserts the devices. @returns an error for each that could not be. */
async function register(
  tx: Sql,
  { productKey, batchId, devices }: { productKey: ProductKey; batchId: string; devices: readonly BatchDevice[] },
): Promise<readonly BatchError[]> {
  const error = (code: string, message: string) => (rejected: BatchDevice) => ({
    line: rejected.line,
    deviceName: rejected.device.deviceName,
    code,
    message,
  });
  // Locked, so that the product cannot go before the devices are there.
  const [product] = await tx.select().from(products).where(eq(products.productKey, productKey)).for("key share");
  if (!product) return devices.map(error("product_not_found", "the product was deleted"));
  const added = new Set(
    await insertDevices(
      tx,
      productKey,
      devices.map((device) => ({ ...device, batchId })),
    ),
  );
  // `delete` answers true once, so of two lines with one name the first one has it.
  return devices
    .filter(({ device }) => !added.delete(device.deviceName))
    .map(error("name_taken", "the device name is taken"));
}

async function count(tx: Sql, batchId: string, { done, failed }: { done: number; failed: number }): Promise<void> {
  await tx.execute(
    sql`update ${batches} set done = done + ${done}, failed = failed + ${failed},
        status = case when exists (select from ${batchLines} where batch_lines.batch_id = ${batchId}) then 'running' else 'done' end
      where batch_id = ${batchId}`,
  );
}
