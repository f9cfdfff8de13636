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

/** Tables that others keep beside those of the ports. */
interface OwnTables {
  /** Path of what `drizzle-kit generate` made of them. */
  readonly folder: string;
  /** Where it is noted which of it was carried out. */
  readonly table: string;
}

/**
 * Brings tables up to date: those of the ports, or others. Of several processes that start at once, one works and the others wait for it.
 */
export async function migrate(database: SqlDatabase, own?: OwnTables): Promise<void> {
  const config = own ? { migrationsFolder: own.folder, migrationsTable: own.table } : { migrationsFolder };
  if (database.kind === "pglite") return migratePglite(drizzlePglite(database.client), config);
  const client = await database.connectPatiently();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migratePostgres(drizzlePostgres(client), config);
  } finally {
    // The lock ends with the connection.
    await client.end();
  }
}
