import {
  expireLease,
  handOut,
  isOpenTo,
  noteReader,
  type PartitionCursor,
  settleMessages,
  shareOf,
} from "@trine/core/messaging";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import { eq } from "drizzle-orm";
import type { Sql, SqlDatabase } from "../database/sql-database.ts";
import { uplinkGroups } from "../schema/messaging-tables.ts";
import { loadCursors, saveCursors } from "./cursor-rows.ts";
import { findMessages } from "./find-messages.ts";
import { type GroupRow, lockGroup } from "./uplink-groups.ts";

type ReadRequest = Parameters<UplinkLog["read"]>[1];

/** Most messages of a partition that a group may have out, so that the list of them stays small. */
const MAX_OUT = 10_000;
/** A group of one product notes that it looked through so many messages of others, so that it does not look again. */
const SKIP_NOTED = 1_000;

/** Hands out messages to a consumer of a group. Reads of one group come one after the other, in whatever process. */
export function readUplink(
  database: SqlDatabase,
  group: string,
  request: ReadRequest,
): Promise<readonly UplinkItem[] | "filter_differs"> {
  return database.transaction(async (tx) => {
    const row = await lockGroup(tx, group);
    const productKey = request.productKey ?? null;
    if (row.bound && row.productKey !== productKey) return "filter_differs";
    const { consumer, nowMs } = request;
    const readers = noteReader(row.readers, { consumer, nowMs, deadlineMs: row.ackDeadlineMs });
    if (!row.bound || readers !== row.readers) {
      await tx.update(uplinkGroups).set({ bound: true, productKey, readers }).where(eq(uplinkGroups.name, group));
    }
    return handOutOf(tx, { ...row, productKey, readers }, request);
  });
}

async function handOutOf(tx: Sql, group: GroupRow, request: ReadRequest): Promise<readonly UplinkItem[]> {
  const names = group.readers.map(([name]) => name);
  const share = [...shareOf(names, request.consumer)];
  const stored = await loadCursors(tx, group.name, share);
  const before = new Map(share.map((partition) => [partition, stored.get(partition) ?? untouched(partition, group)]));
  const open = [...before.values()]
    .map((cursor) => expireLease(cursor, request.nowMs))
    .filter((cursor) => isOpenTo(cursor, request.consumer) && cursor.out.length < MAX_OUT);
  const found = await findMessages(tx, open, { count: request.count, productKey: group.productKey });
  const lease = { consumer: request.consumer, deadlineMs: request.nowMs + group.ackDeadlineMs };
  const after = open.map((cursor) => {
    const { cursor: kept } = settleMessages(cursor, found.gone);
    const next = handOut(kept, found.positions.get(cursor.partition) ?? [], lease);
    return found.seenThrough.has(cursor.partition) ? skipTo(next, found.horizon) : next;
  });
  const changed = after.filter((cursor) => cursor !== before.get(cursor.partition));
  await saveCursors(tx, group.name, changed);
  return found.items;
}

function untouched(partition: number, { startPosition }: GroupRow): PartitionCursor {
  return { partition, readTo: startPosition, consumer: null, out: [], again: [] };
}

function skipTo(cursor: PartitionCursor, horizon: number): PartitionCursor {
  return horizon - cursor.readTo < SKIP_NOTED ? cursor : { ...cursor, readTo: horizon };
}
