import { createNatsUplinkLog, type NatsHandle, openNats } from "@trine/nats";
import { aDeviceRef, anUplink, aProductKey, aReader, atOnce, textsOf, upTo } from "@trine/testkit/ports";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { aSender } from "./a-sender.ts";
import { readThroughFaults } from "./read-through-faults.ts";
import { type NatsCluster, startNatsCluster } from "./start-nats-cluster.ts";

/** A cluster takes some seconds to agree on who leads. */
const AGREES_WITHIN_MS = 30_000;

describe("a cluster of three NATS servers", () => {
  let cluster: NatsCluster;
  const handles: NatsHandle[] = [];

  async function open(): Promise<NatsHandle> {
    const opening = () => openNats({ url: cluster.url, replicas: 3, onFault: () => undefined });
    const handle = await vi.waitFor(opening, { timeout: AGREES_WITHIN_MS, interval: 500 });
    handles.push(handle);
    return handle;
  }

  beforeAll(async () => {
    cluster = await startNatsCluster();
  });
  afterAll(async () => {
    for (const handle of handles) await handle.close();
    await cluster?.dispose();
  });

  it("lets one of many changes of a group through at a time, from whatever process", async () => {
    const logs = await Promise.all(upTo(3).map(async () => createNatsUplinkLog(await open())));
    const [log] = logs;
    if (!log) throw new Error("there are three");
    for (const _ of upTo(5)) {
      const device = aDeviceRef();
      for (const i of upTo(3)) await log.append(anUplink(device, { payload: Buffer.from(`${i}`) }));
      const reader = aReader(log, device);
      const ids = (await reader.read(3)).map(({ id }) => id);
      const counts = await atOnce(21, async (i) => (await logs[i % 3]?.acknowledge(reader.group, ids)) ?? 0);
      expect(counts.reduce((sum, count) => sum + count)).toBe(3);
    }
  });

  it("loses nothing that was acknowledged when the server that leads the stream is killed, and doubles nothing", async () => {
    const nats = await open();
    const log = createNatsUplinkLog(nats);
    const productKey = aProductKey();
    const senders = upTo(5).map(() => aSender(log, aDeviceRef(productKey)));
    const enough = (count: number) =>
      expect
        .poll(() => Math.min(...senders.map(({ acknowledged }) => acknowledged.length)), { timeout: AGREES_WITHIN_MS })
        .toBeGreaterThan(count);
    let stopped = false;
    const sending = Promise.all(senders.map((sender) => sender.sendUntil(() => stopped)));
    await enough(20);
    const leader = (await nats.manager.streams.info("trine-uplink")).cluster?.leader;
    const killed = cluster.servers.find(({ name }) => name === leader);
    if (!killed) throw new Error("somebody leads");
    const before = Math.max(...senders.map(({ acknowledged }) => acknowledged.length));
    await killed.server.kill();
    await enough(before + 20);
    await killed.server.restart();
    stopped = true;
    await sending;
    const count = senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    const kept = await readThroughFaults(log, { productKey, count });
    for (const { device, acknowledged } of senders) {
      const mine = kept.filter(({ deviceName }) => deviceName === device.deviceName);
      expect(textsOf(mine)).toEqual(acknowledged);
    }
  }, 120_000);
});
