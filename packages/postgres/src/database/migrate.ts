import { fileURLToPath } from "node:url";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { migrate as migratePostgres } from "drizzle-orm/node-postgres/migrator";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { migrate as migratePglite } from "drizzle-orm/pglite/migrator";
import type { SqlDatabase } from "./sql-database.ts";

// The same two folders up from the sources and from what is built of them.
const migrationsFolder = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Any number, known to nobody else who locks in the same database. */
const MIGRATION_LOCK = 7_813_024_511;

/** Brings the tables up to date. Of several processes that start at once, one works and the others wait for it. */
export async function migrate(database: SqlDatabase): Promise<void> {
  if (database.kind === "pglite") return migratePglite(drizzlePglite(database.client), { migrationsFolder });
  const client = await database.connectPatiently();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migratePostgres(drizzlePostgres(client), { migrationsFolder });
  } finally {
    // The lock ends with the connection.
    await client.end();
  }
}
