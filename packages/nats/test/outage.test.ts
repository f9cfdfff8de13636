import type { UplinkLog } from "@trine/core/ports";
import { createNatsUplinkLog, type NatsHandle, openNats } from "@trine/nats";
import { aDeviceRef, anUplink, aProductKey, aReader, atOnce, textsOf, upTo } from "@trine/testkit/ports";
import { startNats, type TestServer } from "@trine/testkit/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aSender } from "./a-sender.ts";
import { readThroughFaults } from "./read-through-faults.ts";

describe("a NATS server that goes away", () => {
  let server: TestServer;
  let nats: NatsHandle;
  let log: UplinkLog;

  beforeEach(async () => {
    server = await startNats();
    nats = await openNats({ url: server.url, onFault: () => undefined });
    log = createNatsUplinkLog(nats);
  });
  afterEach(async () => {
    await nats.close();
    await server.dispose();
  });

  const healed = () =>
    expect
      .poll(
        () =>
          nats.ping().then(
            () => "answers",
            () => "does not answer",
          ),
        { timeout: 10_000 },
      )
      .toBe("answers");

  it("fails every append and read at once, and heals by itself", async () => {
    const device = aDeviceRef();
    await log.append(anUplink(device));
    const sender = aSender(log, aDeviceRef());
    const sending = sender.sendUntilFault();
    await expect.poll(() => sender.acknowledged.length).toBeGreaterThan(10);
    await server.kill();
    const killedAt = performance.now();
    // What is under way does not wait for a time-out.
    await sending;
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    await expect.poll(() => nats.ping().then(() => "answers", String)).toContain("no connection");
    const start = performance.now();
    await expect(log.append(anUplink(device))).rejects.toThrow();
    await expect(log.read("group", { consumer: "a", count: 1, nowMs: Date.now() })).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(1_000);
    await server.restart();
    await healed();
    await log.append(anUplink(device));
    expect(await aReader(log, device).drain()).toHaveLength(2);
  });

  it("loses nothing that was acknowledged when it is killed under load; what is sent again is not doubled", async () => {
    const productKey = aProductKey();
    const senders = upTo(10).map(() => aSender(log, aDeviceRef(productKey)));
    for (const round of upTo(2)) {
      const sending = atOnce(senders.length, async (i) => senders[i]?.sendUntilFault());
      await expect
        .poll(() => Math.min(...senders.map(({ acknowledged }) => acknowledged.length)), { timeout: 20_000 })
        .toBeGreaterThan((round + 1) * 30);
      await server.kill();
      await sending;
      await server.restart();
      await healed();
    }
    await atOnce(senders.length, async (i) => senders[i]?.sendUnanswered());
    const count = senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    const kept = await readThroughFaults(log, { productKey, count });
    for (const { device, acknowledged } of senders) {
      const mine = kept.filter(({ deviceName }) => deviceName === device.deviceName);
      // A message of which nothing was heard was sent again under its id: it stands once, in its place.
      expect(textsOf(mine)).toEqual(acknowledged);
    }
  });

  it("keeps groups where they were", async () => {
    const device = aDeviceRef();
    for (const i of upTo(4)) await log.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
    const reader = aReader(log, device);
    const items = await reader.read(2);
    await reader.acknowledge(items.slice(0, 1));
    await server.kill();
    await server.restart();
    await healed();
    expect(await reader.acknowledge(items)).toBe(1);
    expect(textsOf(await reader.drain())).toEqual(["2", "3"]);
  });
});

describe("NATS", () => {
  it("that is not there is told with the reason", async () => {
    const opening = openNats({ url: "nats://127.0.0.1:1", onFault: () => undefined });
    await expect(opening).rejects.toThrow(/ECONNREFUSED|refused/i);
  });

  it("is logged in to with the name and the password of the URL", async () => {
    await using server = await startNats({ args: ["--user", "trine", "--pass", "s3cret"] });
    const open = (login: string) =>
      openNats({ url: server.url.replace("//", `//${login}@`), onFault: () => undefined });
    await expect(open("trine:wrong")).rejects.toThrow(/authorization/i);
    const nats = await open("trine:s3cret");
    await nats.ping();
    expect(await nats.checkDurability()).toEqual([]);
    await nats.close();
  });

  it("keeps the limits of a stream that is there already, and says what of it falls short", async () => {
    await using server = await startNats();
    const first = await openNats({ url: server.url, onFault: () => undefined });
    await first.manager.streams.delete("trine-uplink");
    expect(await first.checkDurability()).toEqual([expect.objectContaining({ severity: "error" })]);
    await first.manager.streams.add({
      name: "trine-uplink",
      subjects: ["trine.uplink.*"],
      max_msgs: 7,
      storage: "memory",
      duplicate_window: 1_000_000_000,
    });
    const second = await openNats({ url: server.url, onFault: () => undefined });
    expect((await second.manager.streams.info("trine-uplink")).config.max_msgs).toBe(7);
    expect((await second.checkDurability()).map(({ severity }) => severity)).toEqual(["warning", "warning"]);
    for (const handle of [first, second]) await handle.close();
  });

  it("with a stream of that name for other subjects is refused", async () => {
    await using server = await startNats();
    const first = await openNats({ url: server.url, onFault: () => undefined });
    await first.manager.streams.delete("trine-uplink");
    await first.manager.streams.add({ name: "trine-uplink", subjects: ["else.*"] });
    await expect(openNats({ url: server.url, onFault: () => undefined })).rejects.toThrow(/trine\.uplink/);
    await first.close();
  });
});
