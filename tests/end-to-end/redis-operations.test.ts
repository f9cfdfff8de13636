import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate, type DeviceConnection } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { type RedisMonitor, watchRedis } from "../src/redis-monitor.ts";

const HOST = "127.0.0.1";
// With the logins before, no more than the sessions that a device may have: the next one ends the oldest.
const TIMES = 8;

// Commands to Redis for one operation of a device that was seen before, on any node: a script is one. What is said about them is in
// docs/performance.md; a greater number needs a reason there.
const AT_MOST = {
  "MQTT login and logout": 6,
  "HTTP login": 1,
  "CoAP login": 1,
  "MQTT publish": 1,
  "HTTP publish": 1,
  "CoAP publish": 1,
  "CoAP publish, sealed": 2,
  "downlink over MQTT, acknowledged": 6,
  "downlink over HTTP, polled and acknowledged": 7,
} as const;

describe("commands to Redis", () => {
  let trine: Installation;
  let productKey: string;
  let redis: RedisMonitor;
  let certificate: DeviceCertificate;
  const target = (port: number) => ({ host: HOST, port, certificate });

  beforeAll(async () => {
    trine = await startInstallation("separate");
    productKey = await makeProduct(trine.api);
    redis = await watchRedis(trine.redis?.port ?? 0);
  }, 120_000);
  afterAll(async () => {
    redis?.close();
    await trine?.dispose();
  });

  async function perOperation(operation: () => Promise<unknown>): Promise<{ count: number; commands: string }> {
    const commands = await redis.commandsOf(async () => {
      for (let time = 0; time < TIMES; time += 1) await operation();
    });
    return { count: commands.length / TIMES, commands: commands.slice(0, 20).join("\n") };
  }

  const publish = (connection: DeviceConnection) => () =>
    connection.publish({ topic: topicOf(certificate, "user/update"), payload: "21" });

  const send = () =>
    trine.api.call("POST", `/v1/products/${certificate.productKey}/devices/${certificate.deviceName}/messages`, {
      topic: topicOf(certificate, "user/get"),
      payload: "21",
    });

  /** Prepares each operation, and says how it ends. */
  const prepare: Readonly<
    Record<keyof typeof AT_MOST, () => Promise<{ operation: () => Promise<unknown>; end?: () => Promise<unknown> }>>
  > = {
    "MQTT login and logout": async () => ({
      operation: async () => (await connectMqtt(target(trine.ports.mqtt))).close(),
    }),
    "HTTP login": async () => ({ operation: async () => (await connectHttp(target(trine.ports.http))).close() }),
    "CoAP login": async () => ({
      operation: async () => (await connectCoap({ ...target(trine.ports.coap), mode: "plain" })).close(),
    }),
    "MQTT publish": async () => {
      const connection = await connectMqtt(target(trine.ports.mqtt));
      return { operation: publish(connection), end: () => connection.close() };
    },
    "HTTP publish": async () => {
      const connection = await connectHttp(target(trine.ports.http));
      return { operation: publish(connection), end: () => connection.close() };
    },
    "CoAP publish": async () => {
      const connection = await connectCoap({ ...target(trine.ports.coap), mode: "plain" });
      return { operation: publish(connection), end: () => connection.close() };
    },
    "CoAP publish, sealed": async () => {
      const connection = await connectCoap({ ...target(trine.ports.symmetric), mode: "symmetric" });
      return { operation: publish(connection), end: () => connection.close() };
    },
    "downlink over MQTT, acknowledged": async () => {
      let received = 0;
      const onMessage = () => {
        received += 1;
      };
      const connection = await connectMqtt({ ...target(trine.ports.mqtt), onMessage });
      await connection.subscribe([topicOf(certificate, "user/get")]);
      const operation = async () => {
        const before = received;
        await send();
        await eventually(
          async () => received,
          (count) => count > before,
        );
      };
      return { operation, end: () => connection.close() };
    },
    "downlink over HTTP, polled and acknowledged": async () => {
      const connection = await connectHttp(target(trine.ports.http));
      // The first poll that waits has hints come to its node from then on; one that finds its message at once would leave that to a later one.
      await connection.fetchMessage({ waitMs: 50 });
      const operation = async () => {
        const polled = connection.fetchMessage({ waitMs: 5_000 });
        await send();
        await (await polled)?.acknowledge();
      };
      return { operation, end: () => connection.close() };
    },
  };

  it.each(Object.keys(AT_MOST) as (keyof typeof AT_MOST)[])("%s: no more than stated", async (name) => {
    certificate = await addDevice(trine.api, productKey);
    // Activated, so that what comes once in a device's life is over.
    await (await connectMqtt(target(trine.ports.mqtt))).close();
    const { operation, end } = await prepare[name]();
    await operation();
    await redis.commandsOf(async () => undefined);
    const { count, commands } = await perOperation(operation);
    await end?.();
    await redis.commandsOf(async () => undefined);
    console.log(`${name}: ${count} commands`);
    expect(count, commands).toBeLessThanOrEqual(AT_MOST[name]);
  });
});
