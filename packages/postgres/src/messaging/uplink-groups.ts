import { type GroupInfo, type GroupOptions, UPLINK_PARTITIONS, type UplinkLog } from "@trine/core/ports";
import { eq, sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { uplinkMessages as messages, uplinkCursors, uplinkGroups, uplinkUsage } from "../schema/messaging-tables.ts";

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
        const { name, startsAt, ackDeadlineMs, productKey } = row;
        const standing = progress.get(name) ?? { lag: 0, oldestUnreadAtMs: undefined, consumers: [] };
        return { group: name, from: startsAt, ackDeadlineMs, ...standing, productKey: productKey ?? undefined };
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

type Progress = Pick<GroupInfo, "lag" | "oldestUnreadAtMs" | "consumers">;

/**
 * How far groups are.
 *
 * Positions have no gaps (trimming takes the oldest), so what lies beyond the furthest cursor of a group needs no counting: only
 * what its other partitions are behind that one. A group of one product has its messages counted.
 */
async function loadProgress(db: Sql): Promise<Map<string, Progress>> {
  const rows = await query<{
    name: string;
    lag: string | number;
    oldest: string | number | null;
    consumers: string[];
  }>(
    db,
    sql`with ends as (
        select coalesce((select last_position from ${uplinkUsage}), 0) as last, (select min(position) from ${messages}) as first
      ), cursors as (
        select g.name, g.product_key, p as partition, coalesce(c.read_to, g.start_position) as read_to, c.consumer,
          coalesce(jsonb_array_length(c."out") + jsonb_array_length(c.again), 0) as given,
          coalesce((c."out" -> 0 ->> 0)::bigint, (c.again ->> 0)::bigint, (select min(m.position) from ${messages} m
            where m.partition = p and m.position > coalesce(c.read_to, g.start_position)
              and (g.product_key is null or m.product_key = g.product_key))) as oldest,
          greatest(max(coalesce(c.read_to, g.start_position)) over (partition by g.name), coalesce(first - 1, last)) as furthest
        from ends cross join ${uplinkGroups} g cross join generate_series(0, ${UPLINK_PARTITIONS - 1}::integer) p
          left join ${uplinkCursors} c on c.group_name = g.name and c.partition = p
      )
      select name, (select m.received_at_ms from ${messages} m where m.position >= min(cursors.oldest)
          order by m.position limit 1) as oldest, coalesce(jsonb_agg(distinct consumer) filter (where consumer is not null), '[]'::jsonb) as consumers,
        sum(given) + sum(case
          when product_key is null then (select count(*) from ${messages} m
            where m.partition = cursors.partition and m.position > read_to and m.position <= furthest)
          else (select count(*) from ${messages} m
            where m.partition = cursors.partition and m.position > read_to and m.product_key = cursors.product_key)
          end) + max(case when product_key is null then greatest(last - furthest, 0) else 0 end) as lag
      from cursors cross join ends group by name`,
  );
  return new Map(
    rows.map(({ name, lag, oldest, consumers }) => [
      name,
      { lag: Number(lag), oldestUnreadAtMs: oldest === null ? undefined : Number(oldest), consumers },
    ]),
  );
}
