import { type GroupInfo, type GroupOptions, UPLINK_PARTITIONS, type UplinkLog } from "@trine/core/ports";
import { eq, sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { uplinkCursors, uplinkGroups, uplinkMessages, uplinkUsage } from "../schema/messaging-tables.ts";

export type GroupRow = typeof uplinkGroups.$inferSelect;

const DEFAULT_ACK_DEADLINE_MS = 30_000;

/** Making, dropping and listing consumer groups. */
export function createUplinkGroups(database: SqlDatabase): Pick<UplinkLog, "putGroup" | "deleteGroup" | "listGroups"> {
  const { db } = database;
  return {
    async putGroup(group, { from, ackDeadlineMs }) {
      await db
        .insert(uplinkGroups)
        .values(newGroup(group, { from, ackDeadlineMs }))
        .onConflictDoUpdate({ target: uplinkGroups.name, set: { ackDeadlineMs } });
    },
    async deleteGroup(group) {
      const deleted = await db
        .delete(uplinkGroups)
        .where(eq(uplinkGroups.name, group))
        .returning({ name: uplinkGroups.name });
      return deleted.length > 0;
    },
    async listGroups() {
      const [groups, progress] = [
        await db.select().from(uplinkGroups).orderBy(uplinkGroups.name),
        await loadProgress(db),
      ];
      return groups.map((row): GroupInfo => {
        const { lag, consumers } = progress.get(row.name) ?? { lag: 0, consumers: [] };
        const { name, startsAt, ackDeadlineMs, productKey } = row;
        return { group: name, from: startsAt, ackDeadlineMs, lag, consumers, productKey: productKey ?? undefined };
      });
    },
  };
}

/** The group, locked until the transaction ends; made if there is none, from the earliest. */
export async function lockGroup(tx: Sql, group: string): Promise<GroupRow> {
  const find = () => tx.select().from(uplinkGroups).where(eq(uplinkGroups.name, group)).for("update");
  const [found] = await find();
  if (found) return found;
  await tx
    .insert(uplinkGroups)
    .values(newGroup(group, { from: "earliest", ackDeadlineMs: DEFAULT_ACK_DEADLINE_MS }))
    .onConflictDoNothing();
  const [made] = await find();
  if (!made) throw new Error("the group was deleted while it was made");
  return made;
}

function newGroup(name: string, { from, ackDeadlineMs }: GroupOptions) {
  const last = sql`coalesce((select ${uplinkUsage.lastPosition} from ${uplinkUsage}), 0)`;
  return { name, startsAt: from, ackDeadlineMs, startPosition: from === "latest" ? last : 0 };
}

async function loadProgress(db: Sql): Promise<Map<string, { lag: number; consumers: string[] }>> {
  // Counts the entries of an index from the group's cursors on, for each partition.
  const rows = await query<{ name: string; lag: string | number; consumers: string[] }>(
    db,
    sql`select g.name,
        coalesce(sum(jsonb_array_length(c."out") + jsonb_array_length(c.again)), 0) + sum((
          select count(*) from ${uplinkMessages} m
          where m.partition = p and m.position > coalesce(c.read_to, g.start_position)
            and (g.product_key is null or m.product_key = g.product_key)
        )) as lag,
        coalesce(jsonb_agg(distinct c.consumer) filter (where c.consumer is not null), '[]'::jsonb) as consumers
      from ${uplinkGroups} g cross join generate_series(0, ${UPLINK_PARTITIONS - 1}::integer) p
        left join ${uplinkCursors} c on c.group_name = g.name and c.partition = p
      group by g.name`,
  );
  return new Map(rows.map(({ name, lag, consumers }) => [name, { lag: Number(lag), consumers }]));
}
