// Opens a snapshot in memory and reads from it; fails when it cannot. Plain JavaScript: a worker thread starts from this very file.
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { workerData } from "node:worker_threads";
import { gunzip } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";

const content = await promisify(gunzip)(await readFile(workerData.file));
const database = await PGlite.create({ loadDataDir: new Blob([content]) });
await database.query(
  "select (select count(*) from products), (select count(*) from devices), (select last_position from uplink_usage)",
);
await database.close();
