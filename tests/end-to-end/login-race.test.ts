import { connectMqtt, type MqttConnection } from "@trine/device";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onOneRedis } from "../src/faults/starts.ts";
import { waitForStatus } from "../src/faults/wait-for-status.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import type { ManyNodes } from "../src/many-nodes.ts";
import { startConsumer } from "../src/traffic/consumer.ts";
import { judgePresence } from "../src/traffic/presence.ts";

const LOGINS = 50;
const ROUNDS = 3;
const STAYS_MS = 1_500;

let trine: ManyNodes;

beforeAll(async () => {
  trine = await onOneRedis();
}, 120_000);
afterAll(() => trine?.dispose());

it("of 50 simultaneous logins of one device on three nodes exactly one connection survives, and presence is its own", async () => {
  const { nodes } = trine;
  const [{ api } = never()] = nodes;
  const productKey = await makeProduct(api, "raced");
  const consumer = await startConsumer(nodes, { group: "race", productKey });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const certificate = await addDevice(api, productKey);
    const open = new Set<MqttConnection>();
    const attempts = Array.from({ length: LOGINS }, async (_, at) => {
      const { ports } = nodes[at % nodes.length] ?? never();
      const connection = await connectMqtt({ host: "127.0.0.1", port: ports.mqtt, certificate });
      open.add(connection);
      void connection.closed.then(() => open.delete(connection));
    });
    await Promise.allSettled(attempts);
    await eventually(
      async () => open.size,
      (count) => count === 1,
      5_000,
    );
    const [survivor = never()] = open;
    const ended = await Promise.race([
      survivor.closed.then(() => true),
      new Promise<false>((done) => setTimeout(() => done(false), STAYS_MS)),
    ]);
    expect(ended, "the survivor stays").toBe(false);
    await survivor.publish({ topic: topicOf(certificate, "user/update"), payload: "still here" });
    expect(await waitForStatus(nodes, certificate, { status: "ONLINE", withinMs: 3_000 })).toEqual([]);

    await survivor.close();
    expect(await waitForStatus(nodes, certificate, { status: "OFFLINE", withinMs: 3_000 })).toEqual([]);
    await eventually(
      async () => judgePresence(certificate, consumer.read),
      (wrong) => wrong.length === 0,
      3_000,
    );
  }
  await consumer.stop();
}, 60_000);

function never(): never {
  throw new Error("the installation lacks a part");
}
