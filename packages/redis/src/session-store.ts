import { createHash } from "node:crypto";
import { type DeviceRef, parseDeviceRef } from "@trine/core/certificate";
import type { SessionRecord, SessionStore } from "@trine/core/ports";
import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { deviceTag } from "./device-tag.ts";

// "Expired" can be told from "unknown" for this long.
const EXPIRED_RETENTION_MS = 86_400_000;

/** Writes a session and when it is forgotten. */
const SAVE_SESSION = `
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'floor', ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
`;

/**
 * Adds a session to its device's index and answers the sessions that are too many, oldest first; they stay listed until they are removed.
 * The index lives as long as its last session.
 *
 * @param at which key and which first argument are the index's own: the script stands alone, or behind the one above.
 */
const listSessionScript = ({ key, argument }: { key: number; argument: number }) => `
local index, created, member = KEYS[${key}], ARGV[${argument}], ARGV[${argument + 1}]
local limit, now, retention = ARGV[${argument + 2}], ARGV[${argument + 3}], ARGV[${argument + 4}]
redis.call('ZADD', index, created, member)
local forgotten, last = now - retention, 0
for _, listed in ipairs(redis.call('ZRANGE', index, 0, -1)) do
  local ends = tonumber(string.match(listed, ':(%d+)$'))
  if ends < forgotten then redis.call('ZREM', index, listed) end
  last = math.max(last, ends)
end
redis.call('PEXPIREAT', index, string.format('%.0f', last + retention))
local surplus = redis.call('ZCARD', index) - limit
if surplus <= 0 then return {} end
return redis.call('ZRANGE', index, 0, surplus - 1)
`;

/**
 * Takes a sequence number once, in the session and in the memory of its latest datagrams.
 *
 * In the session, \`taken\` is a row of digits that starts at \`high\` and goes down, 1 for a number that was taken. The memory holds a
 * slot per number of a window, and is forgotten when nothing in it can be repeated any more: a session that rests costs nothing there.
 * Numbers may exceed what Lua prints exactly, so they are stored as they came.
 */
const TAKE_SEQUENCE = `
local session = redis.call('HMGET', KEYS[1], 'floor', 'high', 'taken')
if not session[1] then return {'no_session'} end
local seq, window = tonumber(ARGV[1]), tonumber(ARGV[2])
if seq < tonumber(session[1]) then return {'replayed'} end
local slot, time = math.fmod(seq, window), redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken, ahead = session[3] or '', session[2] and seq - session[2] or window
if ahead > 0 then
  taken = '1' .. string.rep('0', math.min(ahead, window) - 1) .. taken
  redis.call('HSET', KEYS[1], 'high', ARGV[1], 'taken', string.sub(taken, 1, window))
else
  local at = 1 - ahead
  if at > window then return {'replayed'} end
  if string.sub(taken, at, at) == '1' then
    local first = redis.call('HGET', KEYS[2], slot) or ''
    local number, messageId, origin, ends = string.match(first, '^(%S+) (%S+) (%S+) (%d+)$')
    if number == ARGV[1] and origin == ARGV[4] and now < tonumber(ends) then return {'repeated', messageId} end
    return {'replayed'}
  end
  taken = taken .. string.rep('0', at - #taken)
  redis.call('HSET', KEYS[1], 'taken', string.sub(taken, 1, at - 1) .. '1' .. string.sub(taken, at + 1))
end
local ends = string.format('%.0f', now + ARGV[5])
redis.call('HSET', KEYS[2], slot, ARGV[1] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ends)
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {'taken', ARGV[3]}
`;

/**
 * Sessions on Redis: a hash for each session under the hash of its token, and an index for each device.
 *
 * The two lie in different slots. So a session is written before it is listed, and unlisted after it is deleted: whatever breaks in
 * between, no session that a device was told about is missing in the index, which is what revoking goes by.
 */
export function createRedisSessionStore(redis: RedisHandle): SessionStore {
  const { commands, durable } = redis;
  const saveSession = defineScript(redis, { name: "SaveSession", keys: 1, lua: SAVE_SESSION, durable: true });
  const listSession = defineScript(redis, {
    name: "ListSession",
    keys: 1,
    lua: listSessionScript({ key: 1, argument: 1 }),
    durable: true,
  });
  const saveListedSession = defineScript(redis, {
    name: "SaveListedSession",
    keys: 2,
    lua: SAVE_SESSION + listSessionScript({ key: 2, argument: 4 }),
    durable: true,
  });
  const takeSequence = defineScript(redis, { name: "TakeSequence", keys: 2, lua: TAKE_SEQUENCE });

  /** @returns those that were there, each for one caller only. */
  async function remove(indexKey: string, members: readonly string[]): Promise<string[]> {
    if (members.length === 0) return [];
    const deleted = await Promise.all(members.map((member) => durable.call("DEL", sessionKey(tokenHashOf(member)))));
    await durable.call("ZREM", indexKey, ...members);
    return members.filter((_, i) => deleted[i] === 1);
  }

  async function madeUnderOlder(secretVersion: number, members: readonly string[]): Promise<string[]> {
    const records = await Promise.all(
      members.map((member) => commands.hget(sessionKey(tokenHashOf(member)), "record")),
    );
    return members.filter((_, i) => {
      const record = records[i];
      return record != null && toRecord(record).secretVersion < secretVersion;
    });
  }

  return {
    async save(tokenHash, record, maxPerDevice) {
      const { createdAtMs, expiresAtMs, device, sealing } = record;
      const indexKey = sessionsKey(device);
      const key = sessionKey(tokenHash);
      const session = [JSON.stringify(record), sealing?.seqOffset ?? 0, expiresAtMs + EXPIRED_RETENTION_MS];
      const listing = [createdAtMs, `${tokenHash}:${expiresAtMs}`, maxPerDevice, Date.now(), EXPIRED_RETENTION_MS];
      const save = async () => {
        // One server does both at once; on a Cluster the two lie in different slots.
        if (!redis.isCluster) return saveListedSession(key, indexKey, ...session, ...listing);
        await saveSession(key, ...session);
        return listSession(indexKey, ...listing);
      };
      const surplus = await save();
      await remove(indexKey, (surplus as Buffer[]).map(String));
    },
    async find(tokenHash) {
      const record = await commands.hget(sessionKey(tokenHash), "record");
      return record === null ? undefined : toRecord(record);
    },
    async takeSequence(tokenHash, seq, { window, repeatMs, origin, messageId }) {
      const keys = [sessionKey(tokenHash), datagramsKey(tokenHash)];
      const attempt = [seq, window, messageId, digestOf(origin), repeatMs];
      const answer = (await takeSequence(...keys, ...attempt)) as readonly Buffer[];
      const [outcome, firstId] = answer.map(String);
      if ((outcome === "taken" || outcome === "repeated") && firstId !== undefined)
        return { outcome, messageId: firstId };
      if (outcome === "replayed" || outcome === "no_session") return { outcome };
      throw new Error("Redis gave an answer that the script does not give");
    },
    async revokeDevice(device, { minSecretVersion } = {}) {
      const indexKey = sessionsKey(device);
      const listed = await commands.zrange(indexKey, 0, -1);
      const meant = minSecretVersion === undefined ? listed : await madeUnderOlder(minSecretVersion, listed);
      const removed = await remove(indexKey, meant);
      const now = Date.now();
      return removed.filter((member) => expiresAtMsOf(member) > now).length;
    },
  };
}

function sessionKey(tokenHash: string): string {
  return `trine:session:${tokenHash}`;
}

/** In the slot of the session's own key. */
function datagramsKey(tokenHash: string): string {
  return `{${sessionKey(tokenHash)}}:datagrams`;
}

/** Short, so that Redis packs the slots, and too long to be met by trying addresses, ports and message ids. */
function digestOf(origin: string): string {
  return createHash("sha256").update(origin).digest("base64url").slice(0, 16);
}

function sessionsKey(device: DeviceRef): string {
  return `trine:sessions:${deviceTag(device)}`;
}

function tokenHashOf(member: string): string {
  return member.slice(0, member.indexOf(":"));
}

function expiresAtMsOf(member: string): number {
  return Number(member.slice(member.indexOf(":") + 1));
}

function toRecord(json: string): SessionRecord {
  const record = JSON.parse(json) as SessionRecord;
  const device = parseDeviceRef(record.device.productKey, record.device.deviceName);
  if (!device) throw new Error("a stored session names no device");
  return { ...record, device };
}
