import { setTimeout as sleep } from "node:timers/promises";
import type { UplinkItem } from "@trine/core/ports";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { newestIds, readAfter, type StreamEntry } from "./read-after.ts";
import { toItem } from "./uplink-entry.ts";
import { PARTITIONS } from "./uplink-keys.ts";

const FOLLOW_COUNT = 100;
// Between a caller's look at the log and its wait, another caller's wait may have seen what the first one waits for.
const RECENT_MS = 1_000;

/** Looking for new messages without taking any. */
export interface UplinkWatch {
  waitForNew(timeoutMs: number, signal: AbortSignal): Promise<void>;
  follow(signal: AbortSignal): AsyncIterable<UplinkItem>;
}

/**
 * Looks a few times a second while anybody waits, all waiters of the process together: one command of some 30 us on one server, 64 small ones,
 * and less often, on a Cluster. A look needs no connection of its own, works on both alike and heals by itself.
 */
export function createUplinkWatch(redis: RedisHandle): UplinkWatch {
  const lookEveryMs = redis.isCluster ? 250 : 50;
  const seen: string[] = PARTITIONS.map(() => "0-0");
  let newAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<boolean> | undefined;

  /** Whether anything came since the last look of the process. */
  async function look(): Promise<boolean> {
    const partitions = (await readAfter(redis, seen, 1)).map(([partition]) => partition);
    if (partitions.length === 0) return false;
    // On to the newest at once: whoever is woken reads everything up to there.
    const ids = await newestIds(redis, partitions);
    for (const [i, partition] of partitions.entries()) seen[partition] = ids[i] ?? "0-0";
    newAt = performance.now();
    return true;
  }

  function lookTogether(): Promise<boolean> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async waitForNew(timeoutMs, signal) {
      const start = performance.now();
      const left = () => timeoutMs - (performance.now() - start);
      while (left() > 0 && !signal.aborted) {
        if (start - newAt < RECENT_MS) return pause(Math.min(left(), lookEveryMs), signal);
        if ((await lookTogether()) || newAt > start) return;
        await pause(Math.min(left(), lookEveryMs), signal);
      }
    },
    async *follow(signal) {
      if (signal.aborted) return;
      const ids = await newestIds(redis);
      while (!signal.aborted) {
        const found = await readAfter(redis, ids, FOLLOW_COUNT);
        for (const [partition, entries] of found) ids[partition] = entries.at(-1)?.[0].toString() ?? "0-0";
        for (const item of inOrder(found)) {
          if (signal.aborted) return;
          yield item;
        }
        if (found.length === 0) await pause(lookEveryMs, signal);
      }
    },
  };
}

function inOrder(found: readonly [partition: number, entries: StreamEntry[]][]): UplinkItem[] {
  const items = found.flatMap(([partition, entries]) => entries.map((entry) => toItem(partition, entry)));
  // Stable: messages of one partition stay in order.
  return items.toSorted((a, b) => a.receivedAtMs - b.receivedAtMs);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
