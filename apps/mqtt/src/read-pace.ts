import { createTokenBuckets, perSecond } from "@trine/core/guard";
import type { Clock } from "@trine/core/ports";

/** How fast connections are read. */
export interface ReadPace {
  /** Counts what was read. @returns ms for which the connection is to be read no further; 0: it may go on. */
  take(connection: string, bytes: number): number;
}

/** As many as a process can hold, and more. */
const MAX_CONNECTIONS = 1_000_000;

/** @param bytesPerSecond of one connection (wire-format 10), with as much at once; 0 is no limit. */
export function createReadPace({ clock, bytesPerSecond }: { clock: Clock; bytesPerSecond: number }): ReadPace {
  if (bytesPerSecond === 0) return { take: () => 0 };
  const buckets = createTokenBuckets({ clock, maxKeys: MAX_CONNECTIONS });
  const rate = perSecond(bytesPerSecond);
  return {
    take(connection, bytes) {
      buckets.take(connection, rate, bytes);
      return buckets.waitMs(connection, rate, 0);
    },
  };
}
