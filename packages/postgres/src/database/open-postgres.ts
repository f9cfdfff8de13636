import { drizzle } from "drizzle-orm/node-postgres";
import { Client, Pool } from "pg";
import type { PostgresDatabase, Sql } from "./sql-database.ts";

// A login must be refused as `unavailable` while its device still waits, so a server that hangs is given up early.
const CONNECT_TIMEOUT_MS = 1_000;
const STATEMENT_TIMEOUT_MS = 1_800;
const MIGRATION_CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens a pool of connections to a Postgres server.
 *
 * While the server is down or hangs every call throws, within about two seconds; the pool heals by itself when it is back.
 *
 * @param options.poolSize most connections at a time; default 10.
 * @param options.onFault told of faults on connections that nobody waits for.
 * @throws when the server cannot be reached.
 */
export async function openPostgres(options: {
  url: string;
  poolSize?: number;
  onFault: (error: unknown) => void;
}): Promise<PostgresDatabase> {
  const pool = createPool(options);
  const db = drizzle(pool) as unknown as Sql;
  const ping = async () => {
    await pool.query("select 1");
  };
  try {
    await ping();
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    kind: "postgres",
    db,
    transaction: (work) => inTransaction(pool, work),
    ping,
    close: () => pool.end(),
    connectPatiently: () => connectPatiently(options),
  };
}

function createPool({ url, poolSize = 10, onFault }: Parameters<typeof openPostgres>[0]): Pool {
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server's own time-out does not help when the server hangs.
    query_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "trine",
  });
  pool.on("error", onFault);
  // The pool listens to idle connections only; one that breaks between two statements of a transaction would end the process.
  pool.on("connect", (client) => client.on("error", onFault));
  return pool;
}

// Not drizzle's own: that one leaks the connection when `begin` fails, and gives a broken one back to the pool.
async function inTransaction<T>(pool: Pool, work: (tx: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query("begin");
    const result = await work(drizzle(client) as unknown as Sql);
    await client.query("commit");
    failed = false;
    return result;
  } finally {
    // Closing the connection undoes what it began, whatever state it is in.
    client.release(failed);
  }
}

async function connectPatiently({ url, onFault }: Parameters<typeof openPostgres>[0]): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: MIGRATION_CONNECT_TIMEOUT_MS });
  client.on("error", onFault);
  await client.connect();
  return client;
}
