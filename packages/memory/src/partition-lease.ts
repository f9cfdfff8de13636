interface Positioned {
  readonly position: number;
}

/** Who of a group reads one partition, what is out, and where reading goes on. */
export interface PartitionLease {
  /** Hands out what may go to this consumer now, in order. `records` are the partition's, in order. */
  take<T extends Positioned>(
    records: readonly T[],
    ask: { consumer: string; count: number; nowMs: number; deadlineMs: number },
  ): T[];
  /** Takes a message as acknowledged. @returns whether it was out. */
  finish(position: number): boolean;
  /** Who has messages out. */
  holder(): string | undefined;
  isUnread(position: number): boolean;
  isDone(position: number): boolean;
}

/** A partition that nobody holds, read from `start` on. */
export function createPartitionLease(start: number): PartitionLease {
  let holder = "";
  let next = start;
  /** Position -> when it was handed out; in order. */
  const out = new Map<number, number>();
  /** Acknowledged, while something older is not: a redelivery passes over these. */
  const doneAhead = new Set<number>();

  function endLateLease(nowMs: number, deadlineMs: number): void {
    const [oldest] = out;
    if (!oldest || nowMs < oldest[1] + deadlineMs) return;
    next = oldest[0];
    out.clear();
  }

  function forgetBehind(): void {
    const [oldest = next] = out.keys();
    for (const position of doneAhead) if (position < Math.min(oldest, next)) doneAhead.delete(position);
  }

  return {
    take(records, { consumer, count, nowMs, deadlineMs }) {
      endLateLease(nowMs, deadlineMs);
      if (out.size > 0 && holder !== consumer) return [];
      const taken = records
        .filter(({ position }) => position >= next && !doneAhead.has(position))
        .slice(0, Math.max(0, count));
      for (const { position } of taken) out.set(position, nowMs);
      const last = taken.at(-1);
      if (!last) return taken;
      holder = consumer;
      next = last.position + 1;
      return taken;
    },
    finish(position) {
      if (!out.delete(position)) return false;
      doneAhead.add(position);
      forgetBehind();
      return true;
    },
    holder: () => (out.size > 0 ? holder : undefined),
    isUnread: (position) => position >= next && !doneAhead.has(position),
    isDone: (position) => doneAhead.has(position) || (position < next && !out.has(position)),
  };
}
