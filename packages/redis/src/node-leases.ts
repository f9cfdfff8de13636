import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";

const NODES_KEY = "trine:nodes";

// How long one caller has the devices of a dead node to itself. It asks again long before.
const TAKEN_MS = 5_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Sets the end of a node's lease, by the server's clock. */
const RENEW = `${NOW}
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
`;

/** The nodes whose lease lives. */
const LIVE = `${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`;

/** The nodes whose lease is over. */
const DEAD = `${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
`;

/** Forgets a node, unless its lease lives again. */
const FORGET = `${NOW}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if ends and tonumber(ends) <= now then redis.call('ZREM', KEYS[1], ARGV[1]) end
`;

/** The leases of all nodes, by the clock of the server. A node whose lease is over stays until it is forgotten. */
export interface NodeLeases {
  renew(nodeId: string, leaseMs: number): Promise<void>;
  end(nodeId: string): Promise<void>;
  live(): Promise<readonly string[]>;
  /** Nodes whose lease is over, each for one caller at a time. */
  takeDead(caller: string): Promise<readonly string[]>;
  /** Nothing of the node is left. */
  forget(nodeId: string): Promise<void>;
}

/** One sorted set: the end of its lease by node. */
export function createNodeLeases(redis: RedisHandle): NodeLeases {
  const { commands } = redis;
  const renew = defineScript(redis, { name: "RenewNode", keys: 1, lua: RENEW });
  const live = defineScript(redis, { name: "LiveNodes", keys: 1, lua: LIVE });
  const dead = defineScript(redis, { name: "DeadNodes", keys: 1, lua: DEAD });
  const forget = defineScript(redis, { name: "ForgetNode", keys: 1, lua: FORGET });

  async function take(nodeId: string, caller: string): Promise<boolean> {
    const key = `trine:sweep:${nodeId}`;
    if ((await commands.set(key, caller, "PX", TAKEN_MS, "NX")) === "OK") return true;
    if ((await commands.get(key)) !== caller) return false;
    await commands.pexpire(key, TAKEN_MS);
    return true;
  }

  return {
    async renew(nodeId, leaseMs) {
      await renew(NODES_KEY, nodeId, leaseMs);
    },
    async end(nodeId) {
      await commands.zadd(NODES_KEY, 0, nodeId);
    },
    live: async () => ((await live(NODES_KEY)) as Buffer[]).map(String),
    async takeDead(caller) {
      const nodes = ((await dead(NODES_KEY)) as Buffer[]).map(String);
      const taken = await Promise.all(nodes.map((nodeId) => take(nodeId, caller)));
      return nodes.filter((_, i) => taken[i]);
    },
    async forget(nodeId) {
      await forget(NODES_KEY, nodeId);
    },
  };
}
