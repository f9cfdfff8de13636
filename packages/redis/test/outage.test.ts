import { createRedisControlBus, createRedisMailbox, createRedisUplinkLog, openRedis } from "@trine/redis";
import { aDeviceRef, aMailboxMessage, anUplink, aReader, ROOMY, randomName } from "@trine/testkit/ports";
import { startRedis, type TestServer } from "@trine/testkit/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("a Redis that goes away", () => {
  let server: TestServer;
  let redis: Awaited<ReturnType<typeof openRedis>>;

  beforeEach(async () => {
    server = await startRedis();
    redis = await openRedis({ url: server.url, onFault: () => undefined });
  });
  afterEach(async () => {
    await redis.close();
    await server.dispose();
  });

  async function timeToFail(call: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await expect(call()).rejects.toThrow();
    return performance.now() - start;
  }

  it("fails every command within a second, and heals within five", async () => {
    const log = createRedisUplinkLog(redis);
    const append = () => log.append(anUplink(aDeviceRef()));
    await append();
    await server.kill();
    for (let i = 0; i < 3; i += 1) expect(await timeToFail(append)).toBeLessThan(1_000);
    expect(await timeToFail(() => redis.ping())).toBeLessThan(1_000);
    await server.restart();
    await expect.poll(() => append().then(() => "healed", String), { timeout: 5_000 }).toBe("healed");
  });

  it("fails commands in time when the server hangs, those that wait behind others too, and goes on afterwards", async () => {
    const log = createRedisUplinkLog(redis);
    const append = () => log.append(anUplink(aDeviceRef()));
    await redis.commands.client("PAUSE", 3_000, "ALL");
    const first = timeToFail(append);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const behind = timeToFail(append);
    expect(await first).toBeLessThan(1_100);
    expect(await behind).toBeLessThan(1_600);
    await expect.poll(() => append().then(() => "healed", String), { timeout: 5_000 }).toBe("healed");
  });

  it("keeps the order in which commands were given", async () => {
    const key = randomName();
    const numbers = Array.from({ length: 500 }, (_, i) => String(i));
    const pushes: Promise<unknown>[] = [];
    for (const [i, number] of numbers.entries()) {
      pushes.push(redis.commands.rpush(key, number));
      if (i % 7 === 0) await Promise.resolve();
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(pushes);
    expect(await redis.commands.lrange(key, 0, -1)).toEqual(numbers);
  });

  it("loses nothing that was acknowledged when it is killed under load", async () => {
    const log = createRedisUplinkLog(redis);
    const mailbox = createRedisMailbox(redis);
    const device = aDeviceRef();
    const [appended, waiting] = [new Set<string>(), new Set<string>()];
    let killed = false;
    async function load(): Promise<void> {
      while (!killed) {
        const uplink = anUplink(aDeviceRef(device.productKey));
        const downlink = aMailboxMessage();
        await Promise.allSettled([
          log.append(uplink).then(() => appended.add(uplink.messageId)),
          mailbox.put(device, downlink, ROOMY).then(({ outcome }) => {
            if (outcome === "stored") waiting.add(downlink.messageId);
          }),
        ]);
      }
    }
    const running = Array.from({ length: 10 }, load);
    await expect.poll(() => Math.min(appended.size, waiting.size), { timeout: 10_000 }).toBeGreaterThan(200);
    await server.kill();
    killed = true;
    await Promise.all(running);
    await server.restart();
    await expect
      .poll(
        () =>
          redis.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 5_000 },
      )
      .toBe(true);
    const kept = new Set((await aReader(log, device).drain()).map(({ messageId }) => messageId));
    expect([...appended].filter((id) => !kept.has(id))).toEqual([]);
    const pending = await mailbox.pending(device, { limit: 1_000, nowMs: Date.now() });
    const left = new Set(pending.map(({ messageId }) => messageId));
    expect([...waiting].filter((id) => !left.has(id))).toEqual([]);
  });

  it("makes a control bus say that it is cut off and that it may have missed something, and receive again", async () => {
    const bus = createRedisControlBus(redis);
    const nodeId = randomName();
    await bus.listen(nodeId, async () => ({ closedSessions: 1 }));
    await server.kill();
    await expect.poll(() => bus.isConnected()).toBe(false);
    expect(bus.interruptions()).toBe(1);
    await server.restart();
    await expect.poll(() => bus.isConnected(), { timeout: 5_000 }).toBe(true);
    expect(bus.interruptions()).toBe(1);
    expect(await bus.send(nodeId, { kind: "wake", device: aDeviceRef() }, 1_000)).toEqual({ closedSessions: 1 });
  });

  it("makes a control bus say within three seconds that nothing arrives any more, though the connection stands", async () => {
    const bus = createRedisControlBus(redis);
    await bus.listen(randomName(), async () => ({ closedSessions: 1 }));
    const start = performance.now();
    await redis.commands.client("PAUSE", 4_500, "ALL");
    await expect.poll(() => bus.isConnected(), { timeout: 5_000, interval: 10 }).toBe(false);
    expect(performance.now() - start).toBeLessThan(3_100);
    await expect.poll(() => bus.isConnected(), { timeout: 10_000 }).toBe(true);
    expect(bus.interruptions()).toBe(1);
  });
});

it("refuses to open a Redis that is not there, with the reason", async () => {
  const opening = openRedis({ url: "redis://127.0.0.1:1", onFault: () => undefined });
  await expect(opening).rejects.toThrow(/ECONNREFUSED/);
});
