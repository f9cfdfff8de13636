import type { ProductKey } from "@trine/core/certificate";
import type { PartitionCursor } from "@trine/core/messaging";
import type { UplinkItem } from "@trine/core/ports";
import { asc, inArray, type SQL, sql } from "drizzle-orm";
import { asBuffer } from "../database/payload.ts";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { uplinkMessages as messages, uplinkUsage } from "../schema/messaging-tables.ts";
import { formatUplinkId } from "./uplink-id.ts";

interface Wanted {
  readonly count: number;
  /** Only messages of this product; `null` for all. */
  readonly productKey: ProductKey | null;
}

interface Found {
  readonly items: readonly UplinkItem[];
  /** Where the items are, by partition. */
  readonly positions: ReadonlyMap<number, readonly number[]>;
  /** Positions that were to be handed out again, and are in the log no more. */
  readonly gone: ReadonlySet<number>;
  /** Partitions without anything new for the group up to `horizon`. */
  readonly seenThrough: ReadonlySet<number>;
  readonly horizon: number;
}

/** Finds what can be handed out from these cursors, the oldest first; what was handed out before comes before anything new. */
export async function findMessages(tx: Sql, cursors: readonly PartitionCursor[], wanted: Wanted): Promise<Found> {
  const again = oldestAgain(cursors, wanted.count);
  const old = again.length > 0 ? await fetchMessages(tx, again) : [];
  const oldPositions = new Set(old.map(({ position }) => position));
  const searched = new Set(again);
  const ready = cursors.filter((cursor) => cursor.again.every((position) => searched.has(position)));
  const horizon = await lastPosition(tx);
  const waiting = await partitionsWithNew(tx, ready, wanted);
  const next = await findNew(tx, waiting, { ...wanted, count: wanted.count - old.length });
  const rows = [...old, ...(next.length > 0 ? await fetchMessages(tx, next) : [])];
  const withNew = new Set(waiting.map(({ partition }) => partition));
  return {
    items: rows.map(({ position, partition, ...message }) => ({ ...message, id: formatUplinkId(partition, position) })),
    positions: positionsByPartition(rows),
    gone: new Set(again.filter((position) => !oldPositions.has(position))),
    seenThrough: new Set(ready.map(({ partition }) => partition).filter((partition) => !withNew.has(partition))),
    horizon,
  };
}

// Positions are in one order over all partitions, so the oldest of all are also the oldest of each.
function oldestAgain(cursors: readonly PartitionCursor[], count: number): number[] {
  return cursors
    .flatMap(({ again }) => again.slice(0, count))
    .sort((a, b) => a - b)
    .slice(0, count);
}

async function lastPosition(tx: Sql): Promise<number> {
  const [usage] = await tx.select({ last: uplinkUsage.lastPosition }).from(uplinkUsage);
  return usage?.last ?? 0;
}

async function partitionsWithNew(
  tx: Sql,
  cursors: readonly PartitionCursor[],
  { productKey }: Wanted,
): Promise<readonly PartitionCursor[]> {
  const rows = await query<{ partition: number }>(
    tx,
    sql`select input.partition from ${positionsOf(cursors)}
      where exists (select from ${messages} m where ${isNewAndOf(productKey)})`,
  );
  const found = new Set(rows.map(({ partition }) => partition));
  return cursors.filter(({ partition }) => found.has(partition));
}

/** The positions of the oldest new messages, at most `count`. */
async function findNew(tx: Sql, cursors: readonly PartitionCursor[], { count, productKey }: Wanted): Promise<number[]> {
  if (count <= 0 || cursors.length === 0) return [];
  // Reading `count` of every partition would throw away nearly all; twice its even share leaves room for uneven ones.
  const share = Math.min(count, 2 * Math.ceil(count / cursors.length) + 8);
  const rows = await query<{ position: string | number }>(
    tx,
    sql`select found.position from ${positionsOf(cursors)} cross join lateral (
        select m.position from ${messages} m where ${isNewAndOf(productKey)} order by m.position limit ${share}
      ) as found
      order by found.position limit ${count}`,
  );
  return rows.map(({ position }) => Number(position));
}

function positionsOf(cursors: readonly PartitionCursor[]): SQL {
  return recordset(
    cursors.map(({ partition, readTo }) => ({ partition, readTo })),
    { partition: "smallint", readTo: "bigint" },
  );
}

function isNewAndOf(productKey: ProductKey | null): SQL {
  const product = productKey === null ? sql`` : sql` and m.product_key = ${productKey}`;
  return sql`m.partition = input.partition and m.position > input."readTo"${product}`;
}

type MessageRow = Omit<UplinkItem, "id"> & { readonly partition: number; readonly position: number };

function fetchMessages(tx: Sql, positions: readonly number[]): Promise<MessageRow[]> {
  return tx
    .select({
      position: messages.position,
      partition: messages.partition,
      messageId: messages.messageId,
      productKey: messages.productKey,
      deviceName: messages.deviceName,
      topic: messages.topic,
      payload: asBuffer(messages.payload),
      qos: messages.qos,
      transport: messages.transport,
      receivedAtMs: messages.receivedAtMs,
    })
    .from(messages)
    .where(inArray(messages.position, [...positions]))
    .orderBy(asc(messages.position));
}

function positionsByPartition(rows: readonly MessageRow[]): Map<number, number[]> {
  const positions = new Map<number, number[]>();
  for (const { partition, position } of rows) positions.set(partition, [...(positions.get(partition) ?? []), position]);
  return positions;
}
