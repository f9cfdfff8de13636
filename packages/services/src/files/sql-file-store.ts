import type { DeviceRef } from "@trine/core/certificate";
import { query, type Sql, type SqlDatabase } from "@trine/postgres";
import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { crc64, isCrc64 } from "./checksums.ts";
import { MOST_FILE_BYTES, type Slice, type UploadInit } from "./parse-upload.ts";
import type { FileStore, SliceOutcome, StoredFile } from "./store.ts";
import { fileSlices, fileUploads } from "./tables.ts";

const MOST_FILES = 100;
const MOST_DEVICE_BYTES = 64 * 1_048_576;
const MOST_UNFINISHED = 4;

type Upload = typeof fileUploads.$inferSelect;

/** Files of devices, in SQL. */
export function createSqlFileStore(database: SqlDatabase): FileStore {
  const { db } = database;
  const stored = async (where: Parameters<typeof and>[0]) => {
    const [row] = await db
      .select()
      .from(fileUploads)
      .where(and(where, isNotNull(fileUploads.finishedAtMs)));
    return row && toFile(row);
  };

  return {
    begin: (device, init, { uploadId, nowMs }) =>
      database.transaction(async (tx) => {
        await takeTurn(tx, device);
        const rows = await tx.select().from(fileUploads).where(isOf(device)).orderBy(desc(fileUploads.touchedAtMs));
        const known = rows.find((row) => isContinued(row, init));
        if (known) return { uploadId: known.uploadId, offset: known.received };
        const refused = judge(rows, init);
        if (refused) return refused;
        const unfinished = rows.filter(({ finishedAtMs }) => finishedAtMs === null).slice(MOST_UNFINISHED - 1);
        await drop(
          tx,
          unfinished.map((row) => row.uploadId),
        );
        const { productKey, deviceName } = device;
        const { fileName, fileSize, conflictStrategy: strategy, ficValue, initUid } = init;
        const told = { expectedCrc: ficValue ?? null, initUid: initUid ?? null };
        const facts = { uploadId, productKey, deviceName, fileName, fileSize, strategy, ...told };
        await tx.insert(fileUploads).values({ ...facts, received: 0, crc: crc64(Buffer.alloc(0)), touchedAtMs: nowMs });
        return { uploadId, offset: 0 };
      }),
    add: (device, slice, nowMs) =>
      database.transaction(async (tx) => {
        await takeTurn(tx, device);
        const where = and(isOf(device), eq(fileUploads.uploadId, slice.uploadId));
        const [upload] = await tx.select().from(fileUploads).where(where);
        return upload ? addTo(tx, upload, { slice, nowMs }) : { is: "unknown" };
      }),
    async cancel(device, uploadId) {
      const where = and(isOf(device), eq(fileUploads.uploadId, uploadId), isNull(fileUploads.finishedAtMs));
      return (await db.delete(fileUploads).where(where).returning({ id: fileUploads.uploadId })).length > 0;
    },
    async list(device, { limit, after = "" }) {
      const rows = await db
        .select()
        .from(fileUploads)
        .where(and(isOf(device), isNotNull(fileUploads.finishedAtMs), gt(fileUploads.fileName, after)))
        .orderBy(asc(fileUploads.fileName))
        .limit(limit);
      return rows.map(toFile);
    },
    find: (device, fileName) => stored(and(isOf(device), eq(fileUploads.fileName, fileName))),
    findById: (uploadId) => stored(eq(fileUploads.uploadId, uploadId)),
    async *read(uploadId, { start, end }) {
      let at = start;
      while (at < end) {
        // The one that `at` lies in.
        const [slice] = await db
          .select({ position: fileSlices.position, bytes: fileSlices.bytes })
          .from(fileSlices)
          .where(and(eq(fileSlices.uploadId, uploadId), lt(fileSlices.position, at + 1)))
          .orderBy(desc(fileSlices.position))
          .limit(1);
        const bytes = slice?.bytes.subarray(at - slice.position, end - slice.position);
        if (!bytes?.length) throw new Error("a file lost some of its bytes while it was read");
        yield bytes;
        at += bytes.length;
      }
    },
    async remove(device, fileName) {
      const where = and(isOf(device), eq(fileUploads.fileName, fileName), isNotNull(fileUploads.finishedAtMs));
      return (await db.delete(fileUploads).where(where).returning({ id: fileUploads.uploadId })).length > 0;
    },
    async dropAbandoned(untouchedSinceMs, limit) {
      const dropped = await query(
        db,
        sql`delete from ${fileUploads} where upload_id in (
            select upload_id from ${fileUploads}
            where touched_at_ms < ${untouchedSinceMs}::bigint and finished_at_ms is null limit ${limit}
          ) returning 1 as dropped`,
      );
      return dropped.length;
    },
  };
}

/** One change of a device's files at a time, on whatever node. */
async function takeTurn(tx: Sql, { productKey, deviceName }: DeviceRef): Promise<void> {
  await query(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`files/${productKey}/${deviceName}`}, 0))`);
}

async function drop(tx: Sql, uploadIds: readonly string[]): Promise<void> {
  if (uploadIds.length > 0) await tx.delete(fileUploads).where(inArray(fileUploads.uploadId, [...uploadIds]));
}

function isContinued({ initUid, fileName, fileSize, finishedAtMs }: Upload, init: UploadInit): boolean {
  const isSame = init.initUid !== undefined && initUid === init.initUid && fileName === init.fileName;
  return isSame && fileSize === init.fileSize && finishedAtMs === null;
}

function judge(
  rows: readonly Upload[],
  { fileName, conflictStrategy, fileSize }: UploadInit,
): "exists" | "full" | undefined {
  const files = rows.filter(({ finishedAtMs }) => finishedAtMs !== null);
  const same = files.find((file) => file.fileName === fileName);
  if (same && conflictStrategy === "reject") return "exists";
  const others = files.filter((file) => file !== same || conflictStrategy === "append");
  const bytes = others.reduce((sum, { received }) => sum + received, 0);
  if (!same && files.length >= MOST_FILES) return "full";
  return bytes + (fileSize < 0 ? MOST_FILE_BYTES : fileSize) > MOST_DEVICE_BYTES ? "full" : undefined;
}

async function addTo(
  tx: Sql,
  upload: Upload,
  { slice, nowMs }: { slice: Slice; nowMs: number },
): Promise<SliceOutcome> {
  const { uploadId, received, fileSize } = upload;
  const end = slice.offset + slice.bytes.length;
  // It came before, and its answer was lost.
  if (upload.finishedAtMs !== null) return { is: "complete", received };
  if (slice.offset > received) return { is: "gap", received };
  if (end < received || (end === received && !slice.isComplete && slice.bytes.length > 0))
    return { is: "taken", received };
  if (end > (fileSize < 0 ? MOST_FILE_BYTES : fileSize)) return { is: "too_large" };
  const fresh = slice.bytes.subarray(received - slice.offset);
  const crc = crc64(fresh, upload.crc);
  if (fresh.length > 0) await tx.insert(fileSlices).values({ uploadId, position: received, bytes: fresh });
  const isComplete = fileSize < 0 ? slice.isComplete : end === fileSize;
  if (isComplete && upload.expectedCrc !== null && !isCrc64(upload.expectedCrc, crc)) {
    await drop(tx, [uploadId]);
    return { is: "damaged" };
  }
  await tx
    .update(fileUploads)
    .set({ received: end, crc, touchedAtMs: nowMs })
    .where(eq(fileUploads.uploadId, uploadId));
  if (!isComplete) return { is: "taken", received: end };
  await finish(tx, { ...upload, received: end }, nowMs);
  return { is: "complete", received: end };
}

/** Puts the upload in the place of the file of its name, or behind its bytes. */
async function finish(
  tx: Sql,
  { uploadId, productKey, deviceName, fileName, strategy, received }: Upload,
  nowMs: number,
) {
  const isSame = and(isOf({ productKey, deviceName }), eq(fileUploads.fileName, fileName));
  const [older] = await tx
    .select()
    .from(fileUploads)
    .where(and(isSame, isNotNull(fileUploads.finishedAtMs)));
  const appended = older && strategy === "append" ? older : undefined;
  const whole = appended && { received: appended.received + received, crc: await crcOf(tx, uploadId, appended.crc) };
  if (appended) {
    // Behind the older ones first: no two slices may have one position meanwhile.
    await query(
      tx,
      sql`update ${fileSlices} set upload_id = ${appended.uploadId}, position = position + ${appended.received}::bigint
        where upload_id = ${uploadId}`,
    );
    await query(tx, sql`update ${fileSlices} set upload_id = ${uploadId} where upload_id = ${appended.uploadId}`);
  }
  if (older) await drop(tx, [older.uploadId]);
  await tx
    .update(fileUploads)
    .set({ finishedAtMs: nowMs, ...whole })
    .where(eq(fileUploads.uploadId, uploadId));
}

async function crcOf(tx: Sql, uploadId: string, before: string): Promise<string> {
  const slices = await tx
    .select({ bytes: fileSlices.bytes })
    .from(fileSlices)
    .where(eq(fileSlices.uploadId, uploadId))
    .orderBy(asc(fileSlices.position));
  return slices.reduce((crc, { bytes }) => crc64(bytes, crc), before);
}

function isOf({ productKey, deviceName }: DeviceRef) {
  return and(eq(fileUploads.productKey, productKey), eq(fileUploads.deviceName, deviceName));
}

function toFile({ fileName, uploadId, received, crc, finishedAtMs }: Upload): StoredFile {
  return { fileName, uploadId, size: received, crc, finishedAtMs: finishedAtMs ?? 0 };
}
