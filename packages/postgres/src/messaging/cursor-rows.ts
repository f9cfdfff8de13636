import type { PartitionCursor } from "@trine/core/messaging";
import { and, eq, inArray, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import type { Sql } from "../database/sql-database.ts";
import { uplinkCursors } from "../schema/messaging-tables.ts";

/** The cursors of a group, of all partitions that it touched, or of the given ones. Locked until the transaction ends. */
export async function loadCursors(
  tx: Sql,
  group: string,
  partitions?: readonly number[],
): Promise<Map<number, PartitionCursor>> {
  const rows = await tx
    .select()
    .from(uplinkCursors)
    .where(and(eq(uplinkCursors.group, group), partitions && inArray(uplinkCursors.partition, [...partitions])))
    .orderBy(uplinkCursors.partition)
    .for("update");
  return new Map(rows.map(({ group: _, ...cursor }) => [cursor.partition, cursor]));
}

/** Writes cursors of a group. */
export async function saveCursors(tx: Sql, group: string, cursors: readonly PartitionCursor[]): Promise<void> {
  if (cursors.length === 0) return;
  const input = recordset(cursors, {
    partition: "smallint",
    readTo: "bigint",
    consumer: "text",
    out: "jsonb",
    again: "jsonb",
  });
  await tx.execute(
    sql`insert into ${uplinkCursors} (group_name, partition, read_to, consumer, "out", again)
      select ${group}, partition, "readTo", consumer, "out", again from ${input}
      on conflict (group_name, partition) do update
        set read_to = excluded.read_to, consumer = excluded.consumer, "out" = excluded."out", again = excluded.again`,
  );
}
