import type { Clock } from "../ports/clock.ts";
import { createLeakyCounts } from "./leaky-counts.ts";

/** How often something may happen. */
export interface Rate {
  /** Time in which one more is allowed. */
  readonly everyMs: number;
  /** How many may come at once after a rest. */
  readonly burst: number;
}

/** Who has how much left of its rate. A key always has the same rate. */
export interface TokenBuckets {
  /** @returns ms until `count` may happen; 0: now. Takes nothing. */
  waitMs(key: string, rate: Rate, count?: number): number;
  /** Notes that `count` happened, or will have when its wait is over. */
  take(key: string, rate: Rate, count?: number): void;
}

/** Makes buckets, at most `maxKeys` of them; one that was forgotten is full again. */
export function createTokenBuckets(deps: { clock: Pick<Clock, "monotonicMs">; maxKeys: number }): TokenBuckets {
  const used = createLeakyCounts(deps);
  return {
    waitMs(key, { everyMs, burst }, count = 1) {
      const over = used.of(key, { everyMs, most: Number.POSITIVE_INFINITY }) + count - burst;
      return over > 0 ? Math.ceil(over * everyMs) : 0;
    },
    take(key, { everyMs }, count = 1) {
      used.add(key, count, { everyMs, most: Number.POSITIVE_INFINITY });
    },
  };
}

/** A number a second, with as much at once. */
export function perSecond(count: number, burst = Math.max(1, count)): Rate {
  return { everyMs: 1_000 / count, burst };
}

/** A number a minute, with as much at once. */
export function perMinute(count: number): Rate {
  return { everyMs: 60_000 / count, burst: Math.max(1, count) };
}
