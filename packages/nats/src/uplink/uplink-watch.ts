import { setTimeout as sleep } from "node:timers/promises";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import type { StreamReader } from "./stream-reader.ts";

const LOOK_EVERY_MS = 50;
const FOLLOW_COUNT = 100;

/**
 * Looking for new messages without taking any: asks where the stream ends, some times a second while anybody waits, all waiters of the
 * process together. A subscription would bring every message to every process.
 */
export function createUplinkWatch(stream: StreamReader): Pick<UplinkLog, "waitForNew" | "follow"> {
  let looking: Promise<number> | undefined;
  let seen: number | undefined;
  let newAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<number> {
    const { last } = await stream.bounds();
    if (seen !== undefined && last > seen) newAt = performance.now();
    seen = last;
    return last;
  }

  function lookTogether(): Promise<number> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async waitForNew(timeoutMs, signal) {
      const start = performance.now();
      const left = () => timeoutMs - (performance.now() - start);
      // Between a caller's read and its wait, another caller's look may have seen what the first one waits for.
      const recent = start - LOOK_EVERY_MS * 2;
      while (left() > 0 && !signal.aborted) {
        await lookTogether();
        if (newAt >= recent) return pause(Math.min(left(), LOOK_EVERY_MS), signal);
        await pause(Math.min(left(), LOOK_EVERY_MS), signal);
      }
    },
    async *follow(signal) {
      if (signal.aborted) return;
      let { last: at } = await stream.bounds();
      while (!signal.aborted) {
        const { first, last } = await stream.bounds();
        at = Math.max(at, first - 1);
        const items = await itemsOf(stream, at + 1, Math.min(last, at + FOLLOW_COUNT));
        at = Math.min(last, at + FOLLOW_COUNT);
        for (const item of items) {
          if (signal.aborted) return;
          yield item;
        }
        if (at >= last) await pause(LOOK_EVERY_MS, signal);
      }
    },
  };
}

async function itemsOf(stream: StreamReader, from: number, to: number): Promise<UplinkItem[]> {
  const positions = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  const messages = await Promise.all(positions.map((position) => stream.at(position)));
  return messages.flatMap((message) => message?.item ?? []);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
