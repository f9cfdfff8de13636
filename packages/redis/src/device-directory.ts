import type { DeviceRef } from "@trine/core/certificate";
import type { DeviceDirectory, DeviceLocation } from "@trine/core/ports";
import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { deviceTag } from "./device-tag.ts";

const NODES_KEY = "trine:nodes";

// The epoch of a device that nobody holds guards against a server clock that was set back by less than this; then the clock alone counts.
const RELEASED_RETENTION_MS = 7 * 86_400_000;

/**
 * Makes the caller the holder; answers the new epoch and what was stored before.
 * The epoch is the server's time in microseconds, or one more than the stored one: it grows also after Redis lost its data.
 */
const CLAIM = `
local old = redis.call('HMGET', KEYS[1], 'epoch', 'node', 'connection')
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local epoch = string.format('%.0f', math.max(tonumber(old[1] or 0) + 1, now))
redis.call('HSET', KEYS[1], 'epoch', epoch, 'node', ARGV[1], 'connection', ARGV[2])
redis.call('PERSIST', KEYS[1])
return {epoch, old[1], old[2], old[3]}
`;

/** Forgets the holder if the epoch is the newest; 1 if it did. The epoch stays for a while. */
const RELEASE = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'node')
if held[1] ~= ARGV[1] or not held[2] then return 0 end
redis.call('HDEL', KEYS[1], 'node', 'connection')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/** Sets the end of a node's lease by the server's clock, and forgets leases that are over. */
const RENEW_NODE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
`;

/** The nodes whose lease lives. */
const LIVE_NODES = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`;

/** 1 if the lease of a node lives. */
const IS_LIVE = `
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
local time = redis.call('TIME')
return ends and ends * 1000 > time[1] * 1000000 + time[2] and 1 or 0
`;

/**
 * Who holds which device, on Redis: a small hash for each device, and one sorted set with the leases of all nodes.
 *
 * A claim is one round trip, and one more when it replaces somebody: the leases lie in another slot than the device. Memory grows with the
 * devices that are connected, and with those that were within a week.
 */
export function createRedisDeviceDirectory(redis: RedisHandle): DeviceDirectory {
  const { commands } = redis;
  const claim = defineScript(redis, { name: "ClaimDevice", keys: 1, lua: CLAIM });
  const release = defineScript(redis, { name: "ReleaseDevice", keys: 1, lua: RELEASE });
  const renewNode = defineScript(redis, { name: "RenewNode", keys: 1, lua: RENEW_NODE });
  const liveNodes = defineScript(redis, { name: "LiveNodes", keys: 1, lua: LIVE_NODES });
  const isLive = defineScript(redis, { name: "IsLiveNode", keys: 1, lua: IS_LIVE });

  async function ifAlive(location: DeviceLocation | undefined): Promise<DeviceLocation | undefined> {
    if (!location) return undefined;
    return (await isLive(NODES_KEY, location.nodeId)) === 1 ? location : undefined;
  }

  return {
    async claim(device, { nodeId, connectionId }) {
      const [epoch, ...old] = (await claim(keyOf(device), nodeId, connectionId)) as (Buffer | null)[];
      const replaced = await ifAlive(toLocation(old.map((field) => field?.toString() ?? null)));
      return { epoch: Number(epoch?.toString()), ...(replaced ? { replaced } : {}) };
    },
    release: async (device, epoch) => (await release(keyOf(device), epoch, RELEASED_RETENTION_MS)) === 1,
    locate: async (device) => ifAlive(toLocation(await commands.hmget(keyOf(device), "epoch", "node", "connection"))),
    async renewNode(nodeId, leaseMs) {
      await renewNode(NODES_KEY, nodeId, leaseMs);
    },
    async endNode(nodeId) {
      await commands.zrem(NODES_KEY, nodeId);
    },
    async liveNodes() {
      return ((await liveNodes(NODES_KEY)) as Buffer[]).map(String);
    },
  };
}

function toLocation([epoch, nodeId, connectionId]: readonly (string | null)[]): DeviceLocation | undefined {
  if (!epoch || !nodeId || connectionId == null) return undefined;
  return { nodeId, connectionId, epoch: Number(epoch) };
}

function keyOf(device: DeviceRef): string {
  return `trine:device:${deviceTag(device)}`;
}
