import type { PartitionCursor } from "@trine/core/messaging";
import { type GroupInfo, UPLINK_PARTITIONS } from "@trine/core/ports";
import { cursorOf, type GroupState } from "./group-state.ts";
import type { StreamBounds, StreamReader } from "./stream-reader.ts";

const PARTITIONS = Array.from({ length: UPLINK_PARTITIONS }, (_, partition) => partition);

/** How far a group is. Positions have no gaps, so what lies beyond its furthest cursor needs no counting. */
export async function standingOf(
  group: GroupState,
  stream: StreamReader,
): Promise<Pick<GroupInfo, "lag" | "oldestUnreadAtMs" | "consumers">> {
  const bounds = await stream.bounds();
  const { first, last } = bounds;
  const cursors = PARTITIONS.map((partition) => cursorOf(group, partition));
  const furthest = Math.max(first - 1, ...cursors.map(({ readTo }) => readTo));
  const behind = await Promise.all(cursors.map((cursor) => countUnread(cursor, { first, to: furthest }, stream)));
  const oldest = await Promise.all(cursors.map((cursor) => oldestOf(cursor, bounds, stream)));
  const position = Math.min(...oldest);
  const message = Number.isFinite(position) ? await stream.at(position) : undefined;
  return {
    lag: behind.reduce((sum, count) => sum + count, 0) + Math.max(0, last - furthest),
    oldestUnreadAtMs: message?.item?.receivedAtMs ?? message?.storedAtMs,
    consumers: [...new Set(cursors.flatMap(({ consumer }) => consumer ?? []))].toSorted(),
  };
}

/** How many messages some group has not acknowledged of those up to a place: of each partition, as many as the group that is furthest behind. */
export async function countUnreadUpTo(
  to: number,
  groups: readonly GroupState[],
  stream: StreamReader,
): Promise<number> {
  const { first } = await stream.bounds();
  const ofPartitions = await Promise.all(
    PARTITIONS.map(async (partition) => {
      const counts = groups.map((group) => countUnread(cursorOf(group, partition), { first, to }, stream));
      return Math.max(0, ...(await Promise.all(counts)));
    }),
  );
  return ofPartitions.reduce((sum, count) => sum + count, 0);
}

async function countUnread(
  cursor: PartitionCursor,
  { first, to }: { first: number; to: number },
  stream: StreamReader,
): Promise<number> {
  const out = unacknowledged(cursor).filter((position) => position >= first && position <= to).length;
  return out + (await stream.count(cursor.partition, Math.max(first, cursor.readTo + 1), to));
}

async function oldestOf(cursor: PartitionCursor, { first, last }: StreamBounds, stream: StreamReader): Promise<number> {
  const out = unacknowledged(cursor).find((position) => position >= first);
  if (out !== undefined) return out;
  const next = await stream.next(Math.max(first, cursor.readTo + 1), last, cursor.partition);
  return next?.position ?? Number.POSITIVE_INFINITY;
}

/** What was handed out and not acknowledged, in order. */
function unacknowledged({ out, again }: PartitionCursor): number[] {
  return [...out.map(([position]) => position), ...again];
}
