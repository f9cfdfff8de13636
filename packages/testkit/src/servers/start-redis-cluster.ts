import { askRedis } from "./ask-redis.ts";
import { freePort } from "./free-port.ts";
import { pollUntil } from "./poll-until.ts";
import { startRedis } from "./start-redis.ts";
import type { TestServer } from "./test-server.ts";

/** A Redis Cluster of a test's own, whose members can be killed and started again. */
export interface RedisClusterServers extends AsyncDisposable {
  /** `redis+cluster://` with every member. */
  readonly url: string;
  /** First those that began as primaries, then their replicas in the same order. */
  readonly members: readonly TestServer[];
  /** The member that serves a key now. @throws when no member that runs can tell. */
  primaryOf(key: string): Promise<TestServer>;
  dispose(): Promise<void>;
}

const PRIMARIES = 3;
const SLOTS = 16_384;

/**
 * Starts a Redis Cluster of three primaries and, unless `replicas` is 0, one replica each. A primary that dies is replaced within about
 * three seconds.
 */
export async function startRedisCluster({ replicas = 1 }: { replicas?: 0 | 1 } = {}): Promise<RedisClusterServers> {
  const members = await Promise.all(Array.from({ length: PRIMARIES * (1 + replicas) }, startMember));
  const ports = members.map(({ port }) => port);
  const dispose = async () => {
    await Promise.all(members.map((member) => member.dispose()));
  };
  try {
    await join(ports);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url: `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    members,
    async primaryOf(key) {
      const port = await primaryPortOf(key, ports);
      const member = members.find((candidate) => candidate.port === port);
      if (!member) throw new Error(`no member of the Redis Cluster serves ${key}`);
      return member;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function startMember(): Promise<TestServer> {
  return startRedis({
    args: [
      ...["--cluster-enabled", "yes", "--cluster-port", String(await freePort())],
      ...["--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"],
    ],
  });
}

/** Gives the first three their slots, makes all known to each other, and the others their replicas. */
async function join(ports: readonly number[]): Promise<void> {
  const [first = 0, ...others] = ports;
  for (const [i, port] of ports.slice(0, PRIMARIES).entries()) {
    const [from, to] = [Math.ceil((SLOTS / PRIMARIES) * i), Math.ceil((SLOTS / PRIMARIES) * (i + 1)) - 1];
    await askRedis(port, "CLUSTER", "ADDSLOTSRANGE", from, to);
    // Of their own from the start: until members agree on epochs they may refuse to vote.
    await askRedis(port, "CLUSTER", "SET-CONFIG-EPOCH", i + 1);
  }
  for (const port of others) await askRedis(first, "CLUSTER", "MEET", "127.0.0.1", port, await busPortOf(port));
  await Promise.all(
    ports.map((port) => until(port, new RegExp(`cluster_known_nodes:${ports.length}`), "CLUSTER", "INFO")),
  );
  for (const [i, port] of ports.slice(PRIMARIES).entries()) {
    await askRedis(port, "CLUSTER", "REPLICATE", String(await askRedis(ports[i] ?? 0, "CLUSTER", "MYID")));
  }
  await Promise.all(ports.map((port) => untilWhole(port, ports.length)));
}

async function busPortOf(port: number): Promise<string> {
  const [, busPort] = (await askRedis(port, "CONFIG", "GET", "cluster-port")) as string[];
  return busPort ?? "";
}

/** Waits until a member agrees that every slot is served, and has its replica or its primary. */
async function untilWhole(port: number, members: number): Promise<void> {
  await until(port, /cluster_state:ok/, "CLUSTER", "INFO");
  if (members === PRIMARIES) return;
  await until(port, /state=online|master_link_status:up/, "INFO", "replication");
  // Clients learn from any member where the replicas are.
  await until(port, new RegExp(`(\\bslave [^]*){${PRIMARIES}}`), "CLUSTER", "NODES");
}

/** Waits until what a member answers to a command is as expected. */
async function until(port: number, expected: RegExp, command: string, ...args: string[]): Promise<void> {
  const isSo = async () => expected.test(String(await askRedis(port, command, ...args)));
  await pollUntil(isSo, `a member of the Redis Cluster does not come to ${expected} in ${command} ${args.join(" ")}`);
}

async function primaryPortOf(key: string, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const slot = Number(await askRedis(port, "CLUSTER", "KEYSLOT", key).catch(() => Number.NaN));
    if (Number.isNaN(slot)) continue;
    const ranges = (await askRedis(port, "CLUSTER", "SLOTS")) as [number, number, [string, number]][];
    const found = ranges.find(([from, to]) => slot >= from && slot <= to);
    if (found) return found[2][1];
  }
  throw new Error("no member of the Redis Cluster answers");
}
