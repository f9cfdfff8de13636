import { openRedis } from "@trine/redis";
import { startRedis } from "@trine/testkit/servers";
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
    expect.stringContaining("appendonly is no, expected yes"),
    expect.stringContaining("appendfsync is everysec, expected always"),
    expect.stringContaining("maxmemory-policy is allkeys-lru, expected noeviction"),
  ]);
  await redis.close();
});

it("reports settings that the server does not tell", async () => {
  await using server = await startRedis({ args: ["--rename-command", "CONFIG", ""] });
  const redis = await openRedis({ url: server.url, onFault: () => undefined });
  expect(await redis.checkDurability()).toHaveLength(3);
  await redis.close();
});
