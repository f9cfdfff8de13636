import { openRedis } from "@trine/redis";
import { startRedis, startRedisCluster } from "@trine/testkit/servers";
import { expect, it } from "vitest";

it("finds nothing wrong with a server that forgets nothing", async () => {
  await using server = await startRedis();
  const redis = await openRedis({ url: server.url, onFault: () => undefined });
  expect(await redis.checkDurability()).toEqual([]);
  await redis.close();
});

it("reports each setting of a server that may forget", async () => {
  await using server = await startRedis({
    appendfsync: "everysec",
    args: ["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"],
  });
  const redis = await openRedis({ url: server.url, onFault: () => undefined });
  expect(await redis.checkDurability()).toEqual([
    { severity: "warning", detail: expect.stringContaining("appendonly is no, expected yes") },
    { severity: "warning", detail: expect.stringContaining("appendfsync is everysec, expected always") },
    { severity: "warning", detail: expect.stringContaining("maxmemory-policy is allkeys-lru, expected noeviction") },
  ]);
  await redis.close();
});

it("reports settings that the server does not tell", async () => {
  await using server = await startRedis({ args: ["--rename-command", "CONFIG", ""] });
  const redis = await openRedis({ url: server.url, onFault: () => undefined });
  expect(await redis.checkDurability()).toHaveLength(3);
  await redis.close();
});

it("warns of replicas that no write waits for, and finds nothing wrong when each does", async () => {
  await using cluster = await startRedisCluster();
  const lax = await openRedis({ url: cluster.url, onFault: () => undefined });
  const detail = "writes do not wait for the replicas: a failover may lose acknowledged messages";
  expect(await lax.checkDurability()).toEqual([{ severity: "warning", detail }]);
  await lax.close();
  const strict = await openRedis({ url: cluster.url, replicas: 1, onFault: () => undefined });
  expect(await strict.checkDurability()).toEqual([]);
  await strict.close();
});

it("reports, as an error, that a server has fewer replicas than writes wait for", async () => {
  await using server = await startRedis();
  const redis = await openRedis({ url: server.url, replicas: 1, onFault: () => undefined });
  const detail = "a server has 0 replicas connected, and writes wait for 1: nothing is acknowledged";
  expect(await redis.checkDurability()).toEqual([{ severity: "error", detail }]);
  await redis.close();
});
