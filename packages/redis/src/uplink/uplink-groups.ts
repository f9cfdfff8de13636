import { randomUUID } from "node:crypto";
import type { ProductKey } from "@trine/core/certificate";
import { keepReaderMs, MAX_READERS } from "@trine/core/messaging";
import type { GroupOptions } from "@trine/core/ports";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { droppedKey, GROUPS_KEY, PARTITIONS, readersKey, stateKey, streamKey, unackedKey } from "./uplink-keys.ts";

/** A group as it is stored. `id` stands for it in keys, so that a group made again under the name of a deleted one starts anew. */
export interface StoredGroup extends GroupOptions {
  readonly id: string;
  /** Absent until the first read; empty when that named none. */
  readonly product?: ProductKey | "";
}

// Of a group that is made by its first read.
const DEFAULTS: GroupOptions = { from: "earliest", ackDeadlineMs: 30_000 };

/** Changes the deadline of a group: 1 if there is one. */
const SET_DEADLINE = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return 0 end
local group = cjson.decode(stored)
group.ackDeadlineMs = tonumber(ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(group))
return 1
`;

/**
 * Finds the group, or makes the given one, and binds it to a product (or to none) if it is bound to nothing. If the product is the group's,
 * notes that the consumer reads and forgets who does not any more. Answers the group, and who reads.
 * KEYS: groups, readers. ARGV: name, new group, product, consumer, now, keep a reader for so many deadlines, most readers.
 */
const BIND_GROUP = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local group = cjson.decode(stored or ARGV[2])
if not group.product then
  group.product = ARGV[3]
  stored = cjson.encode(group)
  redis.call('HSET', KEYS[1], ARGV[1], stored)
end
if group.product ~= ARGV[3] then return {stored} end
local keep = math.ceil(group.ackDeadlineMs * ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[5] - keep)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[7])
redis.call('PEXPIRE', KEYS[2], keep)
return {stored, unpack(redis.call('ZRANGE', KEYS[2], 0, -1))}
`;

/** Puts a new group behind the newest message of a partition. */
const START_AT_LATEST = `
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local read = redis.call('XLEN', KEYS[1]) + (redis.call('GET', KEYS[3]) or 0)
redis.call('HSET', KEYS[2], 'cursor', newest and newest[1] or '0-0', 'read', string.format('%.0f', read))
`;

interface GroupRead {
  readonly productKey?: ProductKey;
  readonly consumer: string;
  readonly nowMs: number;
}

/** The register of consumer groups. */
export interface UplinkGroups {
  put(name: string, options: GroupOptions): Promise<void>;
  /**
   * Finds the group for a read, makes it if there is none, and notes who reads.
   * @returns `filter_differs` when the group is bound to another product, or to none.
   */
  bind(name: string, read: GroupRead): Promise<{ group: StoredGroup; readers: string[] } | "filter_differs">;
  find(name: string): Promise<StoredGroup | undefined>;
  list(): Promise<[name: string, group: StoredGroup][]>;
  delete(name: string): Promise<boolean>;
}

export function createUplinkGroups(redis: RedisHandle): UplinkGroups {
  const { commands } = redis;
  const setDeadline = defineScript(redis, { name: "SetGroupDeadline", keys: 1, lua: SET_DEADLINE });
  const bindGroup = defineScript(redis, { name: "BindGroup", keys: 2, lua: BIND_GROUP });
  const startAtLatest = defineScript(redis, { name: "StartGroupAtLatest", keys: 3, lua: START_AT_LATEST });

  async function forgetPositions({ id }: StoredGroup): Promise<void> {
    await Promise.all(PARTITIONS.map((p) => commands.del(stateKey(p, id), unackedKey(p, id))));
  }

  /** @returns whether it was made: somebody else may have made it meanwhile. */
  async function make(name: string, group: StoredGroup): Promise<boolean> {
    if (group.from === "latest") {
      await Promise.all(PARTITIONS.map((p) => startAtLatest(streamKey(p), stateKey(p, group.id), droppedKey(p))));
    }
    if ((await commands.hsetnx(GROUPS_KEY, name, JSON.stringify(group))) === 1) return true;
    await forgetPositions(group);
    return false;
  }

  async function find(name: string): Promise<StoredGroup | undefined> {
    const stored = await commands.hget(GROUPS_KEY, name);
    return stored === null ? undefined : (JSON.parse(stored) as StoredGroup);
  }

  return {
    find,
    async put(name, { from, ackDeadlineMs }) {
      const change = async () => (await setDeadline(GROUPS_KEY, name, ackDeadlineMs)) === 1;
      if (await change()) return;
      if (!(await make(name, { id: randomUUID(), from, ackDeadlineMs }))) await change();
    },
    async bind(name, { productKey = "", consumer, nowMs }) {
      const fresh = JSON.stringify({ id: randomUUID(), ...DEFAULTS });
      const keys = [GROUPS_KEY, readersKey(name)];
      const reading = [consumer, nowMs, keepReaderMs(1_000) / 1_000, MAX_READERS];
      const answer = await bindGroup(...keys, name, fresh, productKey, ...reading);
      const [stored = "", ...readers] = (answer as Buffer[]).map(String);
      const group = JSON.parse(stored) as StoredGroup;
      return group.product === productKey ? { group, readers } : "filter_differs";
    },
    async list() {
      const stored = Object.entries(await commands.hgetall(GROUPS_KEY));
      return stored.map(([name, json]) => [name, JSON.parse(json) as StoredGroup]);
    },
    async delete(name) {
      const group = await find(name);
      if (!group || (await commands.hdel(GROUPS_KEY, name)) === 0) return false;
      await Promise.all([forgetPositions(group), commands.del(readersKey(name))]);
      return true;
    },
  };
}
