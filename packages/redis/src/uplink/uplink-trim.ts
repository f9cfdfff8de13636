import type { UplinkLog } from "@trine/core/ports";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { timeOf } from "./uplink-entry.ts";
import type { StoredGroup, UplinkGroups } from "./uplink-groups.ts";
import { droppedKey, PARTITIONS, stateKey, streamKey, unackedKey } from "./uplink-keys.ts";

// At most so many messages of a partition go in one step: a step is one undivided script.
const STEP = 1_000;
const MOST_STEPS = 1_000;

/** Drops what is older than ARGV[1] (milliseconds), at most about ARGV[2], counts it. Answers how many, and the number of the last. */
const DROP_OLDER = `
local count = redis.call('XLEN', KEYS[1])
local last = redis.call('XRANGE', KEYS[1], '-', '(' .. ARGV[1] .. '-0', 'COUNT', ARGV[2])
if #last == 0 then return {0, 0} end
redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', count - #last)
return {#last, redis.call('INCRBY', KEYS[2], #last)}
`;

/** Forgets what a group had not acknowledged of the messages up to a number. KEYS: state, unacked. Answers what it had read. */
const FORGET_DROPPED = `
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])) do redis.call('HDEL', KEYS[1], id) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
return tonumber(redis.call('HGET', KEYS[1], 'read') or 0)
`;

/**
 * The bytes of a partition, its messages, and the id of the oldest. The memory that Redis uses, less the slack of the blocks at both
 * ends, is right for a large stream; for a small one the mean of some messages is.
 */
const MEASURE = `
local count = redis.call('XLEN', KEYS[1])
if count == 0 then return {0, 0, false} end
local function bytes_of(entries)
  local bytes = 0
  for _, entry in ipairs(entries) do
    for _, field in ipairs(entry[2]) do bytes = bytes + #field end
  end
  return bytes / #entries
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 4)
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 4)
local mean = (bytes_of(oldest) + bytes_of(newest)) / 2
return {math.max(redis.call('MEMORY', 'USAGE', KEYS[1]) - 8192, mean * count), count, oldest[1][1]}
`;

/** The id of the message ARGV[1] places behind the oldest, or of the newest. */
const ID_AT = `
local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1] + 1)
return entries[#entries] and entries[#entries][1]
`;

interface Trimmed {
  readonly dropped: number;
  readonly unread: number;
}

/** What the log holds, and dropping the oldest messages beyond an age or a size. */
export function createUplinkTrim(redis: RedisHandle, groups: UplinkGroups): Pick<UplinkLog, "usage" | "trim"> {
  const dropOlder = defineScript(redis, { name: "UplinkDropOlder", keys: 2, lua: DROP_OLDER });
  const forgetDropped = defineScript(redis, { name: "UplinkForgetDropped", keys: 2, lua: FORGET_DROPPED });
  const measure = defineScript(redis, { name: "UplinkMeasure", keys: 1, lua: MEASURE });
  const idAt = defineScript(redis, { name: "UplinkIdAt", keys: 1, lua: ID_AT });

  /** Of what was dropped, what the group that is furthest behind had not read: it misses everything that another one misses. */
  async function countUnread(partition: number, dropped: number, last: number, all: readonly StoredGroup[]) {
    const reads = await Promise.all(
      all.map(({ id }) => forgetDropped(stateKey(partition, id), unackedKey(partition, id), last)),
    );
    return Math.max(0, ...reads.map((read) => Math.min(dropped, last - Number(read))));
  }

  async function trimPartition(partition: number, olderThanMs: number, all: readonly StoredGroup[]): Promise<Trimmed> {
    let total = { dropped: 0, unread: 0 };
    for (let full = true; full; ) {
      const answer = await dropOlder(streamKey(partition), droppedKey(partition), olderThanMs, STEP);
      const [dropped, last] = answer as [number, number];
      if (dropped > 0) total = add(total, { dropped, unread: await countUnread(partition, dropped, last, all) });
      full = dropped === STEP;
    }
    return total;
  }

  async function trimOlder(olderThanMs: number, all: readonly StoredGroup[]): Promise<Trimmed> {
    const trimmed = await Promise.all(PARTITIONS.map((partition) => trimPartition(partition, olderThanMs, all)));
    return trimmed.reduce(add, { dropped: 0, unread: 0 });
  }

  async function measureAll(): Promise<Measured[]> {
    return (await Promise.all(PARTITIONS.map((p) => measure(streamKey(p))))) as Measured[];
  }

  /**
   * A time before which everything may go without dropping more than the excess: each partition names the time at its share of the
   * excess, and the earliest counts. `undefined` when the log is small enough.
   */
  async function findCut(maxBytes: number): Promise<number | undefined> {
    const measured = await measureAll();
    const bytes = bytesOf(measured);
    const filled = PARTITIONS.filter((p) => (measured[p]?.[1] ?? 0) > 0);
    if (bytes <= maxBytes || filled.length === 0) return undefined;
    const share = (bytes - maxBytes) / bytes;
    const times = await Promise.all(
      filled.map(async (p) => {
        const [, count, oldest] = measured[p] ?? [0, 0, null];
        const places = Math.min(STEP, Math.max(1, Math.floor(count * share)));
        const after = timeIn((await idAt(streamKey(p), places)) as Buffer | null);
        // One step further when they share a millisecond, or nothing would go.
        return Math.max(after, timeIn(oldest) + 1);
      }),
    );
    return Math.min(...times);
  }

  return {
    async usage() {
      const measured = await measureAll();
      const oldest = measured.flatMap(([, , id]) => (id ? [timeIn(id)] : []));
      return { bytes: bytesOf(measured), oldestAtMs: oldest.length > 0 ? Math.min(...oldest) : undefined };
    },
    async trim({ olderThanMs, maxBytes }) {
      const all = (await groups.list()).map(([, group]) => group);
      let total = await trimOlder(Math.max(1, Math.floor(olderThanMs)), all);
      for (let step = 0; step < MOST_STEPS; step += 1) {
        const cut = await findCut(maxBytes);
        if (cut === undefined) break;
        total = add(total, await trimOlder(cut, all));
      }
      return total;
    },
  };
}

type Measured = [bytes: number, count: number, oldest: Buffer | null];

function timeIn(id: Buffer | null): number {
  return id ? timeOf(id.toString()) : 0;
}

function bytesOf(measured: readonly Measured[]): number {
  return measured.reduce((sum, [size]) => sum + size, 0);
}

function add(a: Trimmed, b: Trimmed): Trimmed {
  return { dropped: a.dropped + b.dropped, unread: a.unread + b.unread };
}
