import { mkdir } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import type { PgliteDatabase, Sql } from "./sql-database.ts";

/**
 * Opens the embedded database in a folder, making it if need be (the first time takes some seconds).
 *
 * What was committed survives the end of the process, SIGKILL included. It may not survive a power cut, because PGlite does not
 * wait for the disk: that is what snapshots are for. The caller sees to it that one process at a time opens a folder.
 *
 * @param options.dataDir a folder path.
 */
export async function openPglite({ dataDir }: { dataDir: string }): Promise<PgliteDatabase> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const client = await PGlite.create({ dataDir });
  return {
    kind: "pglite",
    client,
    db: drizzle(client) as unknown as Sql,
    transaction: (work) =>
      client.transaction((tx) => work(drizzle({ client: tx as unknown as PGlite }) as unknown as Sql)),
    async ping() {
      await client.query("select 1");
    },
    close: () => client.close(),
  };
}
