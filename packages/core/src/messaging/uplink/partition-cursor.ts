/** A message that a consumer has and did not acknowledge: where it is and until when the consumer may keep it. */
type OutMessage = readonly [position: number, deadlineMs: number];

/** How far one group is in one partition. */
export interface PartitionCursor {
  readonly partition: number;
  /** Handed out up to here. */
  readonly readTo: number;
  /** Who holds the partition; nobody when nothing is out. */
  readonly consumer: string | null;
  /** Handed out and not acknowledged, in order. */
  readonly out: readonly OutMessage[];
  /** To be handed out again before anything new, in order; all of them later than what is out. */
  readonly again: readonly number[];
}

/** Ends the lease when the deadline of the oldest message that is out has passed: all that is out is to be handed out again. */
export function expireLease(cursor: PartitionCursor, nowMs: number): PartitionCursor {
  const [oldest] = cursor.out;
  if (oldest === undefined || nowMs < oldest[1]) return cursor;
  return {
    ...cursor,
    consumer: null,
    out: [],
    again: [...cursor.out.map(([position]) => position), ...cursor.again],
  };
}

/** Whether the consumer may get messages of the partition. */
export function isOpenTo(cursor: PartitionCursor, consumer: string): boolean {
  return cursor.consumer === null || cursor.consumer === consumer;
}

/** Hands out messages: such as are to be handed out again, or new ones beyond `readTo`. */
export function handOut(
  cursor: PartitionCursor,
  positions: readonly number[],
  lease: { consumer: string; deadlineMs: number },
): PartitionCursor {
  if (positions.length === 0) return cursor;
  const given = new Set(positions);
  return {
    ...cursor,
    readTo: Math.max(cursor.readTo, ...positions),
    consumer: lease.consumer,
    out: [...cursor.out, ...positions.map((position): OutMessage => [position, lease.deadlineMs])],
    again: cursor.again.filter((position) => !given.has(position)),
  };
}

/** Forgets messages that were acknowledged, or dropped from the log. @returns how many of them were out or were to be handed out again. */
export function settleMessages(
  cursor: PartitionCursor,
  positions: ReadonlySet<number>,
): { cursor: PartitionCursor; settled: number } {
  const out = cursor.out.filter(([position]) => !positions.has(position));
  const again = cursor.again.filter((position) => !positions.has(position));
  const settled = cursor.out.length - out.length + cursor.again.length - again.length;
  if (settled === 0) return { cursor, settled };
  return { cursor: { ...cursor, out, again, consumer: out.length === 0 ? null : cursor.consumer }, settled };
}
