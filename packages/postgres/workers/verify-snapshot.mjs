// Opens a snapshot in memory and reads from it; fails when it cannot. Plain JavaScript: a worker thread starts from this very file.
import { openAsBlob } from "node:fs";
import { workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";

const database = await PGlite.create({ loadDataDir: await openAsBlob(workerData.file) });
await database.query(
  "select (select count(*) from products), (select count(*) from devices), (select last_position from uplink_usage)",
);
await database.close();
