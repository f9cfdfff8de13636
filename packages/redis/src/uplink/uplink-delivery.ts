import { shareOf } from "@trine/core/messaging";
import { type GroupInfo, UPLINK_PARTITIONS, type UplinkItem } from "@trine/core/ports";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { idsByPartition, timeOf, toItem } from "./uplink-entry.ts";
import type { StoredGroup } from "./uplink-groups.ts";
import { droppedKey, PARTITIONS, stateKey, streamKey, unackedKey } from "./uplink-keys.ts";

/**
 * What reading scripts share. KEYS: stream, dropped, state, unacked. ARGV: consumer, now, deadline.
 * \`lease\` answers the number behind which the consumer goes on, or nil while somebody else holds the partition.
 */
const PRELUDE = `
local STREAM, DROPPED, STATE, UNACKED = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function exact(number) return string.format('%.0f', number) end
local function lease()
  local held = redis.call('HMGET', STATE, 'resume', 'consumer')
  local resume = tonumber(held[1] or 0)
  local oldest = redis.call('ZRANGEBYSCORE', UNACKED, '-inf', exact(resume), 'LIMIT', 0, 1)[1]
  if not oldest then return resume end
  if tonumber(ARGV[2]) >= redis.call('HGET', STATE, oldest) + ARGV[3] then return 0 end
  return held[2] == ARGV[1] and resume or nil
end
local function dropped() return tonumber(redis.call('GET', DROPPED) or 0) end
`;

/** 1 if the consumer may get something. Reads no message. */
const HAS_MORE = `${PRELUDE}
local resume = lease()
if not resume then return 0 end
if redis.call('ZCOUNT', UNACKED, '(' .. exact(resume), '+inf') > 0 then return 1 end
local read = tonumber(redis.call('HGET', STATE, 'read') or 0)
return dropped() + redis.call('XLEN', STREAM) > read and 1 or 0
`;

/**
 * Leases the partition to the consumer and hands out at most ARGV[4] messages (of the product ARGV[5], unless that is empty): first
 * those that are unacknowledged behind \`resume\`, then new ones. Answers whether there may be more, then the entries.
 */
const HAND_OUT = `${PRELUDE}
local resume = lease()
if not resume then return {0} end
local left, product, answer = tonumber(ARGV[4]), ARGV[5], {0}
local function hand(entry, number)
  answer[#answer + 1] = entry
  resume, left = number, left - 1
  redis.call('HSET', STATE, entry[1], ARGV[2])
end
local again = redis.call('ZRANGEBYSCORE', UNACKED, '(' .. exact(resume), '+inf', 'WITHSCORES', 'LIMIT', 0, left)
for i = 1, #again, 2 do
  local entry = redis.call('XRANGE', STREAM, again[i], again[i])[1]
  if entry then hand(entry, tonumber(again[i + 1])) end
end
local place = redis.call('HMGET', STATE, 'cursor', 'read')
local cursor, read = place[1] or '0-0', math.max(tonumber(place[2] or 0), dropped())
local looked, seen = 0, left
while left > 0 and looked < 1000 and seen > 0 do
  local page = redis.call('XRANGE', STREAM, '(' .. cursor, '+', 'COUNT', product == '' and left or 50)
  seen = #page
  for _, entry in ipairs(page) do
    cursor, read, looked = entry[1], read + 1, looked + 1
    if product == '' or entry[2][2] == product then
      redis.call('ZADD', UNACKED, exact(read), cursor)
      hand(entry, read)
      if left == 0 then break end
    end
  end
end
redis.call('HSET', STATE, 'cursor', cursor, 'read', exact(read), 'resume', exact(resume), 'consumer', ARGV[1])
if seen > 0 or left == 0 then answer[1] = 1 end
return answer
`;

/** Acknowledges; answers how many of the ids were unacknowledged. KEYS: state, unacked. */
const ACKNOWLEDGE = `
local count = 0
for _, id in ipairs(ARGV) do
  count = count + redis.call('ZREM', KEYS[2], id)
  redis.call('HDEL', KEYS[1], id)
end
return count
`;

/** What is not acknowledged yet, who holds the partition, and when the oldest of it came. KEYS as for reading. */
const LAG = `
local state = redis.call('HMGET', KEYS[3], 'read', 'resume', 'consumer', 'cursor')
local behind = redis.call('XLEN', KEYS[1]) + (redis.call('GET', KEYS[2]) or 0) - (state[1] or 0)
local out = redis.call('ZCOUNT', KEYS[4], '-inf', state[2] or 0)
local oldest = redis.call('ZRANGE', KEYS[4], 0, 0)[1]
if not oldest then
  local new = redis.call('XRANGE', KEYS[1], '(' .. (state[4] or '0-0'), '+', 'COUNT', 1)[1]
  oldest = new and new[1] or ''
end
return {math.min(behind, redis.call('XLEN', KEYS[1])) + redis.call('ZCARD', KEYS[4]), out > 0 and state[3] or '', oldest}
`;

interface ReadRequest {
  readonly consumer: string;
  readonly count: number;
  readonly nowMs: number;
  /** Who reads in the group now. */
  readonly readers: readonly string[];
}

/** Leases and positions of groups, partition by partition. */
export interface UplinkDelivery {
  handOut(group: StoredGroup, request: ReadRequest): Promise<UplinkItem[]>;
  acknowledge(group: StoredGroup, ids: readonly string[]): Promise<number>;
  /** Messages not acknowledged, when the oldest came, and the consumers that hold some. */
  standing(group: StoredGroup): Promise<Pick<GroupInfo, "lag" | "oldestUnreadAtMs" | "consumers">>;
}

/**
 * Reads spread over the consumer's share of the partitions: one round trip asks which of them have something, then each of these gives an equal
 * share of what is wanted, in rounds, until that is there or nothing is left.
 */
export function createUplinkDelivery(redis: RedisHandle): UplinkDelivery {
  const hasMore = defineScript(redis, { name: "UplinkHasMore", keys: 4, lua: HAS_MORE });
  const handOut = defineScript(redis, { name: "UplinkHandOut", keys: 4, lua: HAND_OUT });
  const acknowledge = defineScript(redis, { name: "UplinkAcknowledge", keys: 2, lua: ACKNOWLEDGE });
  const lag = defineScript(redis, { name: "UplinkLag", keys: 4, lua: LAG });
  let firstPartition = 0;

  /** Starts elsewhere at each read, so that small reads get round to every partition. */
  function inTurn(): number[] {
    firstPartition = (firstPartition + 1) % UPLINK_PARTITIONS;
    return [...PARTITIONS.slice(firstPartition), ...PARTITIONS.slice(0, firstPartition)];
  }

  async function partitionsWithMore(group: StoredGroup, { consumer, nowMs, readers }: ReadRequest): Promise<number[]> {
    const share = shareOf(readers, consumer);
    const partitions = inTurn().filter((partition) => share.has(partition));
    const answers = await Promise.all(
      partitions.map((p) => hasMore(...readingKeys(p, group.id), consumer, nowMs, group.ackDeadlineMs)),
    );
    return partitions.filter((_, i) => answers[i] === 1);
  }

  async function takeShare(group: StoredGroup, { consumer, nowMs, count }: ReadRequest, partition: number) {
    const { id, ackDeadlineMs, product = "" } = group;
    const answer = await handOut(...readingKeys(partition, id), consumer, nowMs, ackDeadlineMs, count, product);
    const [more, ...entries] = answer as [number, ...[Buffer, Buffer[]][]];
    return { more: more === 1, items: entries.map((entry) => toItem(partition, entry)) };
  }

  return {
    async handOut(group, request) {
      const items: UplinkItem[] = [];
      let partitions = await partitionsWithMore(group, request);
      while (partitions.length > 0 && items.length < request.count) {
        const left = request.count - items.length;
        const asked = partitions.slice(0, left);
        const count = Math.floor(left / asked.length);
        const shares = await Promise.all(asked.map((p) => takeShare(group, { ...request, count }, p)));
        items.push(...shares.flatMap((share) => share.items));
        partitions = [...partitions.slice(left), ...asked.filter((_, i) => shares[i]?.more)];
      }
      return items;
    },
    async acknowledge({ id }, ids) {
      const sorted = [...idsByPartition(ids, UPLINK_PARTITIONS)];
      const counts = await Promise.all(
        sorted.map(([p, entries]) => acknowledge(stateKey(p, id), unackedKey(p, id), ...entries)),
      );
      return sum(counts as number[]);
    },
    async standing({ id }) {
      const answers = (await Promise.all(PARTITIONS.map((p) => lag(...readingKeys(p, id))))) as [
        number,
        Buffer,
        Buffer,
      ][];
      const holders = answers.map(([, consumer]) => consumer.toString()).filter((consumer) => consumer !== "");
      const came = answers.map(([, , oldest]) => oldest.toString()).filter((oldest) => oldest !== "");
      return {
        lag: sum(answers.map(([count]) => count)),
        oldestUnreadAtMs: came.length > 0 ? Math.min(...came.map(timeOf)) : undefined,
        consumers: [...new Set(holders)].toSorted(),
      };
    },
  };
}

function readingKeys(partition: number, groupId: string): string[] {
  return [streamKey(partition), droppedKey(partition), stateKey(partition, groupId), unackedKey(partition, groupId)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
