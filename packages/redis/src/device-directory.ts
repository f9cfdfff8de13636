import { type DeviceRef, deviceKey, parseDeviceRef } from "@trine/core/certificate";
import { TRAIL_LENGTH } from "@trine/core/guard";
import type { Claim, Claimant, DeviceDirectory, DeviceLocation, Sighting } from "@trine/core/ports";
import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { deviceTag } from "./device-tag.ts";
import { createNodeLeases } from "./node-leases.ts";

// The epoch of a device that nobody holds guards against a server clock that was set back by less than this; then the clock alone counts.
const RELEASED_RETENTION_MS = 7 * 86_400_000;

/**
 * Makes the caller the holder; answers the new epoch, what was stored before, and the trail if the device moved.
 * The epoch is the server's time in microseconds, or one more than the stored one: it grows also after Redis lost its data.
 * A trail is a line a place, each with a tab and the time in ms. A contest is its end and its length in ms.
 * KEYS: device, and on one server what the node holds. ARGV: node, connection, about, entry in what the node holds, place or an empty text,
 * places that are kept, 1 to claim nothing of what is contested and held from elsewhere.
 */
const CLAIM = `
local old = redis.call('HMGET', KEYS[1], 'epoch', 'node', 'connection', 'about', 'trail', 'contest')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local nowMs = math.floor(now / 1000)
local trail = old[5] or ''
local hasMoved = ARGV[5] ~= '' and string.match(trail, '([^\\n]*)\\t[^\\n]*$') ~= ARGV[5]
if ARGV[7] == '1' and old[6] and old[2] and hasMoved then
  local till, length = string.match(old[6], '(%d+) (%d+)')
  if tonumber(till) > nowMs then
    redis.call('HSET', KEYS[1], 'contest', string.format('%.0f %s', nowMs + length, length))
    return {}
  end
end
if KEYS[2] then redis.call('SADD', KEYS[2], ARGV[4]) end
local epoch = string.format('%.0f', math.max(tonumber(old[1] or 0) + 1, now))
redis.call('HSET', KEYS[1], 'epoch', epoch, 'node', ARGV[1], 'connection', ARGV[2], 'about', ARGV[3])
if hasMoved then
  trail = trail .. (trail == '' and '' or '\\n') .. ARGV[5] .. '\\t' .. string.format('%.0f', nowMs)
  local _, breaks = string.gsub(trail, '\\n', '')
  for _ = tonumber(ARGV[6]), breaks do trail = string.gsub(trail, '^[^\\n]*\\n', '') end
  redis.call('HSET', KEYS[1], 'trail', trail)
end
redis.call('PERSIST', KEYS[1])
return {epoch, old[1], old[2], old[3], old[4], hasMoved and trail or false}
`;

/**
 * Forgets the holder if the epoch is the newest; 1 if it did. The epoch stays for a while.
 * KEYS as above. ARGV: epoch, retention, entry in what the node holds.
 */
const RELEASE = `
if KEYS[2] then redis.call('SREM', KEYS[2], ARGV[3]) end
local held = redis.call('HMGET', KEYS[1], 'epoch', 'node')
if held[1] ~= ARGV[1] or not held[2] then return 0 end
redis.call('HDEL', KEYS[1], 'node', 'connection', 'about')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/** Has claims that yield give way for a while, by the server's clock. ARGV: for how long. */
const CONTEST = `
if redis.call('EXISTS', KEYS[1]) == 0 then return end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'contest', string.format('%.0f %d', time[1] * 1000 + ARGV[1], ARGV[1]))
`;

/** Notes until when a node watches, by the server's clock, and forgets who does not any more. ARGV: node, for how long. */
const WATCH = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], 'GT', string.format('%.0f', now + ARGV[2]), ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last))
`;

/** The node of the connection, or an empty text, and then who watches. KEYS: device, watchers. */
const REACH = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local watching = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', now), '+inf')
table.insert(watching, 1, redis.call('HGET', KEYS[1], 'node') or '')
return watching
`;

/**
 * Who holds which device, on Redis: a small hash for each device, and for each node a set of what it holds.
 *
 * What a node holds is for those who come after its death only. An entry names the connection as well, so that taking it out late never
 * takes out a newer one. On a Cluster the two lie in different slots, and the entry is written first: whoever is told of a claim is in the
 * set. Memory grows with the devices that are connected, and with those that were within a week.
 *
 * The trail of a device lies in its hash, so that telling a copied certificate costs a login no command.
 */
export function createRedisDeviceDirectory(redis: RedisHandle): DeviceDirectory {
  const { commands, isCluster } = redis;
  const keys = isCluster ? 1 : 2;
  const claim = defineScript(redis, { name: "ClaimDevice", keys, lua: CLAIM });
  const contest = defineScript(redis, { name: "ContestDevice", keys: 1, lua: CONTEST });
  const release = defineScript(redis, { name: "ReleaseDevice", keys, lua: RELEASE });
  // Who waits for a day must not be forgotten in a failover.
  const watch = defineScript(redis, { name: "WatchDevice", keys: 1, lua: WATCH, durable: true });
  const reach = defineScript(redis, { name: "ReachDevice", keys: 2, lua: REACH });
  const leases = createNodeLeases(redis);

  const locate = async (device: DeviceRef) =>
    toLocation(await commands.hmget(keyOf(device), "epoch", "node", "connection", "about"));

  /** The devices of a dead node, and what is listed of it although it was given up or claimed again. */
  async function leftBehind(nodeId: string, limit: number) {
    const entries = await commands.srandmember(heldKey(nodeId), limit);
    const left = await Promise.all(
      entries.map(async (entry) => {
        const { device, connectionId } = parseEntry(entry);
        const location = device && (await locate(device));
        return { entry, device, location: location?.connectionId === connectionId ? location : undefined };
      }),
    );
    const stale = left.filter(({ location }) => !location).map(({ entry }) => entry);
    if (stale.length > 0) await commands.srem(heldKey(nodeId), ...stale);
    const devices = left.flatMap(({ device, location }) => (device && location ? [{ device, location }] : []));
    return { devices, isEmpty: entries.length < limit && devices.length === 0 };
  }

  async function claimAs(device: DeviceRef, claimant: Claimant, yields: boolean): Promise<Claim | undefined> {
    const { nodeId, connectionId, about, place = "" } = claimant;
    const entry = entryOf(device, connectionId);
    const facts = [nodeId, connectionId, about, entry, place, TRAIL_LENGTH, yields ? 1 : 0];
    const [answer] = await Promise.all([
      claim(...holdingKeys(device, nodeId, isCluster), ...facts) as Promise<(Buffer | null)[]>,
      isCluster ? commands.sadd(heldKey(nodeId), entry) : undefined,
    ]);
    const [epoch, ...old] = answer.map((field) => field?.toString() ?? null);
    if (epoch == null) {
      if (isCluster) await commands.srem(heldKey(nodeId), entry);
      return undefined;
    }
    const replaced = toLocation(old);
    const trail = old[4];
    return {
      epoch: Number(epoch),
      ...(replaced ? { replaced } : {}),
      ...(trail ? { trail: trail.split("\n").map(parseSighting) } : {}),
    };
  }

  return {
    async claim(device, claimant) {
      const made = await claimAs(device, claimant, false);
      if (!made) throw new Error("a claim that yields to nobody was not made");
      return made;
    },
    claimUnlessContested: (device, claimant) => claimAs(device, claimant, true),
    async contest(device, forMs) {
      await contest(keyOf(device), Math.round(forMs));
    },
    async release(device, { nodeId, connectionId, epoch }) {
      const entry = entryOf(device, connectionId);
      const [released] = await Promise.all([
        release(...holdingKeys(device, nodeId, isCluster), epoch, RELEASED_RETENTION_MS, entry),
        isCluster ? commands.srem(heldKey(nodeId), entry) : undefined,
      ]);
      return released === 1;
    },
    locate,
    async watch(device, nodeId, forMs) {
      await watch(watchKey(device), nodeId, forMs);
    },
    async reach(device) {
      const [holder, ...watching] = ((await reach(keyOf(device), watchKey(device))) as Buffer[]).map(String);
      return [...new Set(holder ? [holder, ...watching] : watching)];
    },
    async abandoned(caller, limit) {
      for (const nodeId of await leases.takeDead(caller)) {
        const { devices, isEmpty } = await leftBehind(nodeId, limit);
        if (isEmpty) await leases.forget(nodeId);
        if (devices.length > 0) return devices;
      }
      return [];
    },
    renewNode: leases.renew,
    endNode: leases.end,
    liveNodes: leases.live,
  };
}

function toLocation([epoch, nodeId, connectionId, about]: readonly (string | null)[]): DeviceLocation | undefined {
  if (!epoch || !nodeId || connectionId == null) return undefined;
  return { nodeId, connectionId, epoch: Number(epoch), about: about ?? "" };
}

function parseSighting(line: string): Sighting {
  const tab = line.lastIndexOf("\t");
  return { place: line.slice(0, tab), atMs: Number(line.slice(tab + 1)) };
}

function holdingKeys(device: DeviceRef, nodeId: string, isCluster: boolean): string[] {
  return isCluster ? [keyOf(device)] : [keyOf(device), heldKey(nodeId)];
}

function keyOf(device: DeviceRef): string {
  return `trine:device:${deviceTag(device)}`;
}

function watchKey(device: DeviceRef): string {
  return `trine:watch:${deviceTag(device)}`;
}

function heldKey(nodeId: string): string {
  return `trine:held:${nodeId}`;
}

// No name of a device holds a space.
function entryOf(device: DeviceRef, connectionId: string): string {
  return `${deviceKey(device)} ${connectionId}`;
}

function parseEntry(entry: string): { device: DeviceRef | undefined; connectionId: string } {
  const space = entry.indexOf(" ");
  const [productKey = "", deviceName = ""] = entry.slice(0, space).split("/");
  return { device: parseDeviceRef(productKey, deviceName), connectionId: entry.slice(space + 1) };
}
