import type { Clock } from "../ports/clock.ts";

/** How a count goes down: by one every `everyMs`, steadily. */
export interface Drain {
  readonly everyMs: number;
  /** It never gets higher than this, however much is added. */
  readonly most: number;
}

/** Counts by key that go down by themselves. A key always has the same drain. */
export interface LeakyCounts {
  /** @returns the count after `count` was added, with its fraction. */
  add(key: string, count: number, drain: Drain): number;
  /** What is left of the count now. */
  of(key: string, drain: Drain): number;
  /** Has the count be at least `count`. */
  raise(key: string, count: number, drain: Drain): void;
  forget(key: string): void;
}

/** How many of the longest unused keys are looked at whenever one is used. */
const LOOK_AT = 2;

/**
 * Makes counts that take one number a key: the time at which the count is down to nothing.
 *
 * Bounded: beyond `maxKeys` the key that was not used for the longest time is forgotten, so that a flood of keys costs no memory.
 */
export function createLeakyCounts({
  clock,
  maxKeys,
}: {
  clock: Pick<Clock, "monotonicMs">;
  maxKeys: number;
}): LeakyCounts {
  /** Monotonic times, by key; the longest unused first. */
  const emptyAt = new Map<string, number>();

  function of(key: string, { everyMs }: Drain): number {
    return Math.max(0, (emptyAt.get(key) ?? 0) - clock.monotonicMs()) / everyMs;
  }

  function set(key: string, count: number, { everyMs, most }: Drain): void {
    const nowMs = clock.monotonicMs();
    emptyAt.delete(key);
    emptyAt.set(key, nowMs + Math.min(count, most) * everyMs);
    forgetEmpty(nowMs);
  }

  function forgetEmpty(nowMs: number): void {
    let looked = 0;
    for (const [key, atMs] of emptyAt) {
      if (emptyAt.size > maxKeys || atMs <= nowMs) emptyAt.delete(key);
      looked += 1;
      if (looked >= LOOK_AT) return;
    }
  }

  return {
    add(key, count, drain) {
      set(key, of(key, drain) + count, drain);
      return of(key, drain);
    },
    of,
    raise(key, count, drain) {
      if (count > of(key, drain)) set(key, count, drain);
    },
    forget: (key) => void emptyAt.delete(key),
  };
}
