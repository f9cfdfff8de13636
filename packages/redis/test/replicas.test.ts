import { openRedis, type RedisHandle } from "@trine/redis";
import { randomName } from "@trine/testkit/ports";
import { type RedisSentinelServers, startRedis, startRedisSentinel } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineScript } from "../src/connection/define-script.ts";

const SET = { name: "TestSet", keys: 1, lua: "return redis.call('SET', KEYS[1], ARGV[1])", durable: true };

async function open(url: string, replicas: number): Promise<RedisHandle> {
  return openRedis({ url, replicas, onFault: () => undefined });
}

describe("writes that wait for a replica", () => {
  let servers: RedisSentinelServers;
  let redis: RedisHandle;
  beforeAll(async () => {
    servers = await startRedisSentinel();
    redis = await open(servers.url, 1);
  });
  afterAll(async () => {
    await redis?.close();
    await servers?.dispose();
  });

  it("answer as they do without, many at once and one after the other", async () => {
    const key = randomName();
    const set = defineScript(redis, SET);
    expect(await redis.durable.call("RPUSH", key, "a", "b")).toBe(2);
    const lengths = await Promise.all(Array.from({ length: 1_200 }, (_, i) => redis.durable.call("RPUSH", key, i)));
    expect(lengths).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 3));
    expect(String(await set(randomName(), "x"))).toBe("OK");
    expect(String(await set(randomName(), "x"))).toBe("OK");
  });

  it("fail alone when they are wrong", async () => {
    const [text, list] = [randomName(), randomName()];
    await redis.commands.set(text, "x");
    const [wrong, right] = await Promise.allSettled([
      redis.durable.call("RPUSH", text, "a"),
      redis.durable.call("RPUSH", list, "a"),
    ]);
    expect(wrong).toMatchObject({ reason: expect.objectContaining({ message: expect.stringContaining("WRONGTYPE") }) });
    expect(right).toMatchObject({ value: 1 });
  });

  it("go on after the server forgot its scripts", async () => {
    const set = defineScript(redis, SET);
    await set(randomName(), "x");
    await redis.commands.script("FLUSH");
    expect(String(await set(randomName(), "x"))).toBe("OK");
  });
});

it("fails a write that no replica has in time, and says why, and goes on when one has", async () => {
  await using primary = await startRedis();
  const redis = await open(primary.url, 1);
  const start = performance.now();
  await expect(redis.durable.call("SET", "key", "x")).rejects.toThrow("0 replicas have the write, and 1 have to");
  expect(performance.now() - start).toBeLessThan(1_500);
  await using _replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(primary.port)] });
  const write = () => redis.durable.call("SET", "key", "y").catch(String);
  await expect.poll(write, { timeout: 10_000 }).toBe("OK");
  await redis.close();
});

it("opens no further connection, and needs no replica, when it waits for none", async () => {
  await using server = await startRedis();
  const redis = await open(server.url, 0);
  await redis.durable.call("SET", "key", "x");
  expect(await redis.commands.client("LIST")).not.toMatch(/\n.+\n/);
  await redis.close();
});
