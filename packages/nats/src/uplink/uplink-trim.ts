import type { UplinkLog } from "@trine/core/ports";
import type { NatsHandle } from "../connection/nats-handle.ts";
import { STREAM } from "../connection/uplink-stream.ts";
import { countUnreadUpTo } from "./group-standing.ts";
import type { GroupStore } from "./group-store.ts";
import type { StreamReader } from "./stream-reader.ts";

type Bounds = Parameters<UplinkLog["trim"]>[0];

/** Drops the oldest messages beyond an age or a size. What limits of the stream itself drop is not seen here. */
export function createUplinkTrim(
  { manager }: NatsHandle,
  { groups, stream }: { groups: GroupStore; stream: StreamReader },
): UplinkLog["trim"] {
  /** The first place that is kept. */
  async function findCut({ olderThanMs, maxBytes }: Bounds): Promise<number | undefined> {
    const { first, last, bytes, messages } = await stream.bounds();
    if (messages === 0) return undefined;
    const excess = Math.ceil((Math.max(0, bytes - maxBytes) / bytes) * messages);
    const cut = Math.max(first + excess, await firstSince(olderThanMs, first, last));
    return cut > first ? Math.min(cut, last + 1) : undefined;
  }

  /** The first place of what was stored since a time: times rise with places. */
  async function firstSince(timeMs: number, first: number, last: number): Promise<number> {
    let [low, high] = [first, last + 1];
    for (let middle = low; low < high; middle = Math.floor((low + high) / 2)) {
      const message = await stream.next(middle, last);
      if (message && message.storedAtMs < timeMs) low = message.position + 1;
      else high = middle;
    }
    return low;
  }

  return async (bounds) => {
    const total = { dropped: 0, unread: 0 };
    for (let cut = await findCut(bounds); cut !== undefined; cut = await findCut(bounds)) {
      total.unread += await countUnreadUpTo(cut - 1, await groups.list(), stream);
      total.dropped += (await manager.streams.purge(STREAM, { seq: cut })).purged;
    }
    return total;
  };
}
