import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { Worker } from "node:worker_threads";
import { createGunzip, createGzip } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import type { PgliteDatabase } from "./sql-database.ts";

const verifier = new URL("../../workers/verify-snapshot.mjs", import.meta.url);

/**
 * Writes everything in the embedded database to `file` (a gzipped tar), so that a power cut cannot take it: the file is complete
 * and on the disk when the promise resolves, and until then an older one of that name stays as it was.
 *
 * The database stands still while its folder is copied to memory, about a second for 200 MB, and the folder must fit there twice.
 * Packing and the check go on beside it; the check runs in a thread of its own, for some seconds.
 *
 * @param options.verify opens the snapshot and looks into it before it takes its name; default true.
 * @throws when it could not be written, or did not open.
 */
export async function writeSnapshot(
  database: PgliteDatabase,
  file: string,
  { verify = true }: { verify?: boolean } = {},
): Promise<void> {
  // Packed here, not there: the database is at work again as soon as it has been copied.
  const snapshot = await database.client.dumpDataDir("none");
  const unfinished = `${file}.unfinished`;
  try {
    const packed = createWriteStream(unfinished, { mode: 0o600, flush: true });
    await pipeline(Readable.fromWeb(snapshot.stream() as ReadableStream), createGzip({ level: 1 }), packed);
    if (verify) await verifySnapshot(unfinished);
    await rename(unfinished, file);
    await syncFolder(dirname(file));
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * Makes an embedded database in `dataDir` out of a snapshot.
 *
 * @param dataDir a folder that is empty or not there yet; nobody may have it open.
 * @throws when it is not empty, or the snapshot does not open. Nothing is left behind then.
 */
export async function restoreSnapshot(file: string, dataDir: string): Promise<void> {
  if (existsSync(dataDir) && (await readdir(dataDir)).length > 0) {
    throw new Error(`${dataDir} is not empty`);
  }
  const unfinished = `${dataDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const client = await PGlite.create({ dataDir: unfinished, loadDataDir: await unpack(file) });
    await client.query("select count(*) from products");
    await client.close();
    await rm(dataDir, { recursive: true, force: true });
    await rename(unfinished, dataDir);
    await syncFolder(dirname(dataDir));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

// Not left to PGlite: a damaged file would be an error there that nobody can catch.
async function unpack(file: string): Promise<Blob> {
  const unzip = createGunzip();
  const [content] = await Promise.all([buffer(unzip), pipeline(createReadStream(file), unzip)]);
  return new Blob([content]);
}

/** Makes a new name in a folder last. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// In a thread: the embedded database would hold up the event loop while it starts.
function verifySnapshot(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(verifier, { workerData: { file } });
    worker.once("error", (error) => reject(new Error("the snapshot does not open", { cause: error })));
    worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error("the snapshot does not open"))));
  });
}
