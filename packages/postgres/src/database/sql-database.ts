import type { PGlite } from "@electric-sql/pglite";
import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { Client } from "pg";

interface Rows<Row> {
  readonly rows: Row[];
}

/** Both drivers answer with rows. */
interface RowsResult extends PgQueryResultHKT {
  type: Rows<this["row"]>;
}

/** Where statements go: a pool, a transaction, or PGlite; both drivers answer alike. */
export type Sql = PgDatabase<RowsResult>;

interface Database {
  readonly db: Sql;
  /** Runs `work` in a transaction: committed when it resolves, undone when it throws. */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  /** @throws when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface PostgresDatabase extends Database {
  readonly kind: "postgres";
  /** A connection outside of the pool and without its time-outs, for work that may take long. The caller ends it. */
  connectPatiently(): Promise<Client>;
}

export interface PgliteDatabase extends Database {
  readonly kind: "pglite";
  readonly client: PGlite;
}

/** A database that the stores share. */
export type SqlDatabase = PostgresDatabase | PgliteDatabase;

/** Runs a statement that the query builder has no words for. 64-bit integers come as text from one driver, so wrap them in `Number`. */
export async function query<Row extends Record<string, unknown>>(db: Sql, statement: SQL): Promise<Row[]> {
  const { rows } = await db.execute<Row>(statement);
  return rows;
}
