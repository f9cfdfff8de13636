import { createRedisControlBus, openRedis, type RedisHandle } from "@trine/redis";
import { aDeviceRef, randomName } from "@trine/testkit/ports";
import { type RedisClusterServers, startRedisCluster } from "@trine/testkit/servers";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";

let cluster: RedisClusterServers;
let redis: RedisHandle;
beforeAll(async () => {
  cluster = await startRedisCluster();
  redis = await openRedis({ url: cluster.url, replicas: 1, onFault: () => undefined });
});
afterAll(async () => {
  await redis?.close();
  await cluster?.dispose();
});

it("carries out each write once, in order, while its slot moves to another server", async () => {
  const key = randomName();
  const answers: unknown[] = [];
  let moving = true;
  const writing = (async () => {
    while (moving) answers.push(await redis.durable.call("RPUSH", key, "x"));
  })();
  await expect.poll(() => answers.length).toBeGreaterThan(5);
  await moveSlot(key, async () => {
    const before = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(before + 5);
  });
  const after = answers.length;
  await expect.poll(() => answers.length).toBeGreaterThan(after + 5);
  moving = false;
  await writing;
  expect(answers).toEqual(answers.map((_, i) => i + 1));
});

it("receives again, and says that it may have missed something, after a channel moved to another server", async () => {
  const bus = createRedisControlBus(redis);
  const nodeId = randomName();
  const listening = await bus.listen(nodeId, async () => ({ closedSessions: 1 }));
  await moveSlot(`trine:control:${nodeId}`);
  const send = () => bus.send(nodeId, { kind: "wake", device: aDeviceRef() }, 1_000);
  await expect.poll(send, { timeout: 5_000 }).toEqual({ closedSessions: 1 });
  expect(bus.interruptions()).toBe(1);
  await expect.poll(() => bus.isConnected(), { timeout: 5_000 }).toBe(true);
  await listening.stop();
});

/** Moves the slot of a key to another primary. @param whenGone runs when its keys are there, and before the Cluster knows. */
async function moveSlot(key: string, whenGone = async () => {}): Promise<void> {
  const from = await cluster.primaryOf(key);
  const others = await Promise.all(cluster.members.map((_, i) => cluster.primaryOf(`{${i}}`)));
  const to = others.find((member) => member !== from);
  if (!to) throw new Error("every key lies on one server");
  await using source = connected(from.port);
  await using target = connected(to.port);
  const slot = Number(await source.redis.cluster("KEYSLOT", key));
  const [sourceId, targetId] = [await source.redis.cluster("MYID"), await target.redis.cluster("MYID")];
  await target.redis.cluster("SETSLOT", slot, "IMPORTING", sourceId);
  await source.redis.cluster("SETSLOT", slot, "MIGRATING", targetId);
  await source.redis.migrate("127.0.0.1", to.port, key, 0, 1_000);
  await whenGone();
  await target.redis.cluster("SETSLOT", slot, "NODE", targetId);
  await source.redis.cluster("SETSLOT", slot, "NODE", targetId);
}

function connected(port: number): AsyncDisposable & { readonly redis: Redis } {
  const redis = new Redis(port, "127.0.0.1");
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() };
}
