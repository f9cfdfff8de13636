import { query, type SqlDatabase } from "@trine/postgres";
import { sql } from "drizzle-orm";

const DAY_MS = 86_400_000;

/** Any number, known to nobody else who locks in the same database. */
const PARTITION_LOCK = 7_813_024_512;

/** The days of a table whose rows end at a time: each day is a partition, which is dropped as a whole when all of it has ended. */
interface Partitions {
  /** Sees to it that rows can be written that end at these times. */
  ensure(endTimesMs: Iterable<number>): Promise<void>;
  /** Drops the days that are over. @returns how many. */
  drop(nowMs: number): Promise<number>;
}

/** @param table its name, which is partitioned by range over milliseconds. */
export function createPartitions({ db, transaction }: SqlDatabase, table: string): Partitions {
  const made = new Set<number>();
  const nameOf = (day: number) => `${table}_${day}`;

  async function make(day: number): Promise<void> {
    await transaction(async (tx) => {
      // `if not exists` alone fails when two make it at the same time.
      await tx.execute(sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`);
      await tx.execute(
        sql`create table if not exists ${sql.identifier(nameOf(day))} partition of ${sql.identifier(table)}
          for values from (${sql.raw(String(day * DAY_MS))}) to (${sql.raw(String((day + 1) * DAY_MS))})`,
      );
    });
    made.add(day);
  }

  return {
    async ensure(endTimesMs) {
      for (const endMs of endTimesMs) {
        const day = Math.floor(endMs / DAY_MS);
        if (!made.has(day)) await make(day);
      }
    },
    async drop(nowMs) {
      const rows = await query<{ name: string }>(
        db,
        sql`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = ${table}::regclass`,
      );
      const over = rows
        .map(({ name }) => Number(name.slice(table.length + 1)))
        .filter((day) => (day + 1) * DAY_MS <= nowMs);
      for (const day of over) {
        await db.execute(sql`drop table if exists ${sql.identifier(nameOf(day))}`);
        made.delete(day);
      }
      return over.length;
    },
  };
}
