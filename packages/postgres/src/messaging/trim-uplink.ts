import { type PartitionCursor, settleMessages } from "@trine/core/messaging";
import type { UplinkLog } from "@trine/core/ports";
import { asc, lte, sql } from "drizzle-orm";
import type { Sql, SqlDatabase } from "../database/sql-database.ts";
import { tidy } from "../database/tidy.ts";
import { uplinkMessages as messages, uplinkGroups, uplinkUsage } from "../schema/messaging-tables.ts";
import { loadCursors, saveCursors } from "./cursor-rows.ts";
import { forgetOldIds } from "./uplink-once.ts";

type Bounds = Parameters<UplinkLog["trim"]>[0];

const CHUNK = 1_000;

/** What is looked at, one row for each message: not its payload. */
const trimmed = {
  position: messages.position,
  partition: messages.partition,
  productKey: messages.productKey,
  bytes: messages.bytes,
  receivedAtMs: messages.receivedAtMs,
};

type Dropped = Pick<typeof messages.$inferSelect, keyof typeof trimmed>;

/** Drops the oldest messages, a chunk in a transaction, until the log is within the bounds. */
export async function trimUplink(database: SqlDatabase, bounds: Bounds): Promise<{ dropped: number; unread: number }> {
  const total = { dropped: 0, unread: 0 };
  for (let more = true; more; ) {
    const chunk = await database.transaction((tx) => trimChunk(tx, bounds));
    total.dropped += chunk.dropped;
    total.unread += chunk.unread;
    more = chunk.dropped === CHUNK;
  }
  await forgetOldIds(database.db);
  await tidy(database);
  return total;
}

async function trimChunk(tx: Sql, bounds: Bounds): Promise<{ dropped: number; unread: number }> {
  // Without the lock on the usage row that a writer waits for: a chunk that is all kept must not hold anybody up.
  const [usage] = await tx.select({ bytes: uplinkUsage.bytes }).from(uplinkUsage);
  const oldest = await tx.select(trimmed).from(messages).orderBy(asc(messages.position)).limit(CHUNK);
  const dropped = beyond(oldest, usage?.bytes ?? 0, bounds);
  const last = dropped.at(-1);
  if (!last) return { dropped: 0, unread: 0 };
  const unread = await forget(tx, dropped);
  const deleted = await tx
    .delete(messages)
    .where(lte(messages.position, last.position))
    .returning({ bytes: messages.bytes });
  const bytes = deleted.reduce((sum, row) => sum + row.bytes, 0);
  await tx.update(uplinkUsage).set({ bytes: sql`${uplinkUsage.bytes} - ${bytes}::bigint` });
  return { dropped: dropped.length, unread };
}

function beyond(oldest: readonly Dropped[], held: number, { olderThanMs, maxBytes }: Bounds): readonly Dropped[] {
  let bytes = held;
  const kept = oldest.findIndex((message) => {
    if (message.receivedAtMs >= olderThanMs && bytes <= maxBytes) return true;
    bytes -= message.bytes;
    return false;
  });
  return kept < 0 ? oldest : oldest.slice(0, kept);
}

/** Takes the messages out of every group's cursors. @returns how many of them some group had not acknowledged. */
async function forget(tx: Sql, dropped: readonly Dropped[]): Promise<number> {
  const positions = new Set(dropped.map(({ position }) => position));
  const unread = new Set<number>();
  for (const group of await tx.select().from(uplinkGroups).orderBy(uplinkGroups.name).for("update")) {
    const cursors = await loadCursors(tx, group.name);
    for (const { position, partition, productKey } of dropped) {
      const mine = group.productKey === null || group.productKey === productKey;
      if (mine && isUnread(position, cursors.get(partition), group.startPosition)) unread.add(position);
    }
    const settled = [...cursors.values()]
      .map((cursor) => settleMessages(cursor, positions))
      .filter(({ settled }) => settled > 0);
    await saveCursors(
      tx,
      group.name,
      settled.map(({ cursor }) => cursor),
    );
  }
  return unread.size;
}

function isUnread(position: number, cursor: PartitionCursor | undefined, startPosition: number): boolean {
  if (!cursor) return position > startPosition;
  return position > cursor.readTo || cursor.out.some(([out]) => out === position) || cursor.again.includes(position);
}
