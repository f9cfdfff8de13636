import { createRedisUplinkLog, openRedis } from "@trine/redis";
import { aDeviceRef, anUplink } from "@trine/testkit/ports";
import { startRedis, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("an append to the uplink log on Redis", () => {
  let server: TestServer;
  let redis: Awaited<ReturnType<typeof openRedis>>;

  beforeAll(async () => {
    server = await startRedis();
    redis = await openRedis({ url: server.url, onFault: () => undefined });
  });
  afterAll(async () => {
    await redis.close();
    await server.dispose();
  });

  /** Calls of each command since the last question, as the server counts them. */
  async function callsSince(): Promise<Record<string, number>> {
    const text = await redis.commands.info("commandstats");
    await redis.commands.config("RESETSTAT");
    const calls = [...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)];
    return Object.fromEntries(calls.map(([, name = "", count]) => [name, Number(count)]));
  }

  it("is one XADD when the message does not come again", async () => {
    const log = createRedisUplinkLog(redis);
    await callsSince();
    await log.append(anUplink(aDeviceRef()));
    const { info: _, config: __, ...calls } = await callsSince();
    expect(calls).toEqual({ xadd: 1 });
  });

  it("that may come again is remembered for five minutes, in the slot of its partition", async () => {
    const message = anUplink(aDeviceRef());
    await createRedisUplinkLog(redis).append(message, { once: true });
    const keys = await redis.commands.keys(`trine:uplink:{*}:once:${message.messageId}`);
    expect(keys).toHaveLength(1);
    const leftMs = await redis.commands.pttl(keys[0] ?? "");
    expect(leftMs).toBeGreaterThan(290_000);
    expect(leftMs).toBeLessThanOrEqual(300_000);
  });
});
