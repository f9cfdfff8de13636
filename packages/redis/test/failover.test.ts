import type { DeviceRef } from "@trine/core/certificate";
import {
  createRedisControlBus,
  createRedisMailbox,
  createRedisUplinkLog,
  openRedis,
  type RedisHandle,
} from "@trine/redis";
import { aDeviceRef, aMailboxMessage, anUplink, aReader, ROOMY, randomName } from "@trine/testkit/ports";
import { startRedisCluster, startRedisSentinel, type TestServer } from "@trine/testkit/servers";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Servers {
  readonly url: string;
  primaryOf(key: string): Promise<TestServer>;
  dispose(): Promise<void>;
}

const LONGEST_CALL_MS = 2_000;
const HEALED_WITHIN_MS = 5_000;
/** A primary that was replaced and comes back is made a replica when the sentinels ask it the next time, and writes wait for that one. */
const SENTINELS_LOOK_MS = 15_000;

async function startBehindSentinels(): Promise<Servers> {
  // With two, the one that did not acknowledge may be promoted: sentinels know offsets that are up to ten seconds old.
  const servers = await startRedisSentinel({ replicas: 1 });
  return { url: servers.url, primaryOf: () => servers.primary(), dispose: () => servers.dispose() };
}

describe.each([
  ["a Redis Cluster", startRedisCluster, HEALED_WITHIN_MS],
  ["Redis behind sentinels", startBehindSentinels, HEALED_WITHIN_MS + SENTINELS_LOOK_MS],
])("the failover of %s, writes waiting for one replica", (_name, start: () => Promise<Servers>, healsWithinMs) => {
  let servers: Servers;
  let redis: RedisHandle;
  beforeEach(async () => {
    servers = await start();
    redis = await openRedis({ url: servers.url, replicas: 1, onFault: () => undefined });
  });
  afterEach(async () => {
    await redis.close();
    await servers.dispose();
  });

  /** Waits for another primary. */
  async function promotion(key: string, old: TestServer): Promise<void> {
    const now = () =>
      servers.primaryOf(key).then(
        ({ port }) => port,
        () => old.port,
      );
    await expect.poll(now, { timeout: 15_000, interval: 50 }).not.toBe(old.port);
  }

  it.each(["killed", "frozen"] as const)(
    "loses nothing that was acknowledged, fails in time, heals: %s",
    async (how) => {
      const traffic = startTraffic(redis);
      const victim = await servers.primaryOf("key");
      await expect.poll(() => traffic.acknowledged(), { timeout: 10_000 }).toBeGreaterThan(500);
      const comeBack = how === "killed" ? await kill(victim) : await freeze(victim);
      await promotion("key", victim);
      // The one replica is the primary now: no write counts until this one follows it.
      await comeBack();
      await expect.poll(() => traffic.msSinceFailure(), { timeout: healsWithinMs + 1_000 }).toBeGreaterThan(1_000);
      await traffic.stop();
      expect(traffic.longestCallMs()).toBeLessThan(LONGEST_CALL_MS);
      expect(traffic.failures()).toBeGreaterThan(0);
      expect(await traffic.missing()).toEqual([]);
    },
    60_000,
  );

  it("interrupts the control bus of a node whose channel was on the server, tells it, and mends it", async () => {
    const bus = createRedisControlBus(redis);
    const nodeId = randomName();
    const listening = await bus.listen(nodeId, async () => ({ closedSessions: 1 }));
    const victim = await servers.primaryOf(channelOf(nodeId));
    await victim.kill();
    await expect.poll(() => bus.isConnected(), { timeout: 3_000, interval: 20 }).toBe(false);
    expect(bus.interruptions()).toBe(1);
    await promotion(channelOf(nodeId), victim);
    await expect.poll(() => bus.isConnected(), { timeout: HEALED_WITHIN_MS, interval: 20 }).toBe(true);
    expect(await bus.send(nodeId, { kind: "wake", device: aDeviceRef() }, 1_000)).toEqual({ closedSessions: 1 });
    await listening.stop();
  });
});

it("acknowledges nothing that only the primary has, and that its failover loses", async () => {
  await using cluster = await startRedisCluster();
  const redis = await openRedis({ url: cluster.url, replicas: 1, onFault: () => undefined });
  const key = randomName();
  const primary = await cluster.primaryOf(key);
  const replicaPort = Number(/slave0:ip=[^,]*,port=(\d+)/.exec(await infoOf(primary, "replication"))?.[1]);
  const replica = cluster.members.find(({ port }) => port === replicaPort);
  if (!replica) throw new Error("the primary has no replica");
  const thaw = await freeze(replica);
  // More than the connection between the two holds: what it holds arrives though the primary is dead.
  const writes = Array.from({ length: 60 }, () => redis.durable.call("RPUSH", key, Buffer.alloc(300_000)));
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
  expect(await redis.commands.llen(key)).toBe(60);
  await primary.kill();
  await thaw();
  const left = () => redis.commands.llen(key).catch(() => 60);
  await expect.poll(left, { timeout: 15_000 }).toBeLessThan(60);
  await redis.close();
});

it("tells every node that a primary of the Cluster was replaced: what it knew of the node's devices may be gone", async () => {
  await using cluster = await startRedisCluster();
  const redis = await openRedis({ url: cluster.url, onFault: () => undefined });
  const bus = createRedisControlBus(redis);
  const nodeId = randomName();
  await bus.listen(nodeId, async () => ({ closedSessions: 1 }));
  const own = await cluster.primaryOf(channelOf(nodeId));
  await cluster.members.find((member) => member !== own)?.kill();
  await expect.poll(() => bus.interruptions(), { timeout: 15_000 }).toBe(1);
  expect(bus.isConnected()).toBe(true);
  await redis.close();
});

function channelOf(nodeId: string): string {
  return `trine:control:${nodeId}`;
}

/** Appends and puts, over many devices, until it is stopped. */
function startTraffic(redis: RedisHandle) {
  const log = createRedisUplinkLog(redis);
  const mailbox = createRedisMailbox(redis);
  const first = aDeviceRef();
  const devices = Array.from({ length: 12 }, () => aDeviceRef(first.productKey));
  const [appended, waiting] = [new Set<string>(), new Set<string>()];
  let [failures, longestCallMs, running] = [0, 0, true];
  let failedAt = performance.now();

  async function timed(call: () => Promise<unknown>): Promise<void> {
    const start = performance.now();
    try {
      await call();
    } catch {
      failures += 1;
      failedAt = performance.now();
    }
    longestCallMs = Math.max(longestCallMs, performance.now() - start);
  }

  async function work(device: DeviceRef): Promise<void> {
    while (running) {
      const uplink = anUplink(device);
      const downlink = aMailboxMessage();
      await timed(async () => {
        await log.append(uplink);
        appended.add(uplink.messageId);
      });
      await timed(async () => {
        const { outcome } = await mailbox.put(device, downlink, ROOMY);
        if (outcome === "stored") waiting.add(downlink.messageId);
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const workers = devices.map(work);
  return {
    acknowledged: () => appended.size + waiting.size,
    failures: () => failures,
    longestCallMs: () => longestCallMs,
    msSinceFailure: () => performance.now() - failedAt,
    async stop() {
      running = false;
      await Promise.all(workers);
    },
    async missing() {
      const kept = (await aReader(log, first).drain()).map(({ messageId }) => messageId);
      const pages = await Promise.all(
        devices.map((device) => mailbox.pending(device, { limit: 100_000, nowMs: Date.now() })),
      );
      const found = new Set([...kept, ...pages.flat().map(({ messageId }) => messageId)]);
      return [...appended, ...waiting].filter((id) => !found.has(id));
    },
  };
}

/** SIGKILL. @returns starts it again. */
async function kill(server: TestServer): Promise<() => Promise<void>> {
  await server.kill();
  return () => server.restart();
}

/** SIGSTOP. @returns lets it go on. */
async function freeze(server: TestServer): Promise<() => Promise<void>> {
  const pid = Number(/process_id:(\d+)/.exec(await infoOf(server, "server"))?.[1]);
  process.kill(pid, "SIGSTOP");
  return async () => void process.kill(pid, "SIGCONT");
}

async function infoOf(server: TestServer, section: string): Promise<string> {
  const client = new Redis(server.port, "127.0.0.1");
  try {
    return await client.info(section);
  } finally {
    client.disconnect();
  }
}
