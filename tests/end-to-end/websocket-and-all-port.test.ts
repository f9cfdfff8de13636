import { once } from "node:events";
import { join } from "node:path";
import { connectHttp, connectMqtt, type DeviceCertificate, signMqttLogin } from "@trine/device";
import { spawnProcess } from "@trine/testkit/servers";
import mqtt, { type IClientOptions } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { readUntil } from "../src/uplink-reader.ts";

let trine: Installation;
let productKey: string;

beforeAll(async () => {
  trine = await startInstallation("embedded", {
    TRINE_ALL_PORT: "0",
    TRINE_HTTP_PORT: "off",
    TRINE_HTTPS_PORT: "off",
  });
  productKey = await makeProduct(trine.api);
}, 120_000);
afterAll(() => trine?.dispose());

const send = ({ deviceName }: DeviceCertificate, topic: string, payload: string) =>
  trine.api.call("POST", `/v1/products/${productKey}/devices/${deviceName}/messages`, { topic, payload });
const textsOf = async ({ deviceName }: DeviceCertificate, count: number) => {
  const from = (messages: Awaited<ReturnType<typeof readUntil>>) =>
    messages.filter((message) => message.deviceName === deviceName && message.topic.endsWith("/user/update"));
  const read = await readUntil(trine.api, (messages) => from(messages).length >= count, {
    group: deviceName,
    productKey,
  });
  return from(read).map(({ text }) => text);
};

describe("one port for all", () => {
  const target = (certificate: DeviceCertificate) => ({ host: "127.0.0.1", port: trine.ports.all, certificate });
  const WAYS = {
    "in clear": () => ({}),
    "over TLS": () => ({ tls: { ca: trine.ca } }),
    "over TLS with a pre-shared key": () => ({ tls: "psk" }) as const,
  };

  it.each(Object.entries(WAYS))("takes MQTT and HTTP %s", async (_way, secured) => {
    const certificate = await addDevice(trine.api, productKey);
    const topic = topicOf(certificate, "user/get");
    const received: string[] = [];
    const onMessage = ({ payload }: { payload: Buffer }) => received.push(payload.toString());
    const overMqtt = await connectMqtt({ ...target(certificate), ...secured(), onMessage });
    await overMqtt.subscribe([topic]);
    await overMqtt.publish({ topic: topicOf(certificate, "user/update"), payload: "over MQTT" });
    await send(certificate, topic, "to MQTT");
    await expect.poll(() => received).toEqual(["to MQTT"]);
    await overMqtt.close();

    const overHttp = await connectHttp({ ...target(certificate), ...secured() });
    await overHttp.publish({ topic: topicOf(certificate, "user/update"), payload: "over HTTP" });
    await send(certificate, topic, "to HTTP");
    const message = await overHttp.fetchMessage({ waitMs: 10_000 });
    expect(message?.payload.toString()).toBe("to HTTP");
    await message?.acknowledge();
    await overHttp.close();
    expect(await textsOf(certificate, 2)).toEqual(["over MQTT", "over HTTP"]);
  });

  it("takes the vendor's Node SDK over TLS, as it is", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const topic = topicOf(certificate, "user/get");
    const config = { ...certificate, brokerUrl: `mqtts://127.0.0.1:${trine.ports.all}/` };
    const device = await spawnProcess({
      command: [process.execPath, join(ROOT, "tests/src/vendor-device.mjs"), JSON.stringify(config), topic],
      env: { NODE_EXTRA_CA_CERTS: trine.caFile },
      ready: /subscribed/,
    });
    await send(certificate, topic, "hello");
    await expect.poll(() => device.lines).toEqual(["posted 200", "subscribed", "message hello"]);
    await device.stop();
  });
});

describe("clients over WebSocket", () => {
  const WAYS: Readonly<Record<string, () => string>> = {
    "ws on the port of MQTT": () => `ws://127.0.0.1:${trine.ports.mqtt}/`,
    "ws on the path that most clients dial": () => `ws://127.0.0.1:${trine.ports.mqtt}/mqtt`,
    "wss on the port of MQTT": () => `wss://127.0.0.1:${trine.ports.mqtt}/`,
    "wss on the port of TLS": () => `wss://127.0.0.1:${trine.ports.mqtts}/mqtt`,
    "ws on the one port for all": () => `ws://127.0.0.1:${trine.ports.all}/`,
    "wss on the one port for all": () => `wss://127.0.0.1:${trine.ports.all}/`,
  };

  it.each(Object.keys(WAYS))("MQTT.js exchanges messages: %s", async (which) => {
    const certificate = await addDevice(trine.api, productKey);
    const options: IClientOptions = { ...signMqttLogin(certificate), reconnectPeriod: 0, ca: trine.ca };
    const client = await mqtt.connectAsync(WAYS[which]?.() ?? "", options);
    const topic = topicOf(certificate, "user/get");
    await client.subscribeAsync(topic, { qos: 1 });
    const received = new Promise<string>((done) => client.once("message", (_on, payload) => done(payload.toString())));
    await client.publishAsync(topicOf(certificate, "user/update"), "up", { qos: 1 });
    await send(certificate, topic, "down");
    expect(await received).toBe("down");
    expect(await textsOf(certificate, 1)).toEqual(["up"]);
    await client.endAsync();
  });

  it("the device of this project does so too, over ws and wss", async () => {
    for (const tls of [undefined, { ca: trine.ca }]) {
      const certificate = await addDevice(trine.api, productKey);
      const target = { host: "127.0.0.1", port: trine.ports.mqtt, certificate, webSocketPath: "/" };
      const device = await connectMqtt({ ...target, ...(tls && { tls }) });
      await device.publish({ topic: topicOf(certificate, "user/update"), payload: "up" });
      expect(await textsOf(certificate, 1)).toEqual(["up"]);
      await device.close();
    }
  });

  it("a wrong secret is refused with code 4", async () => {
    const certificate = { ...(await addDevice(trine.api, productKey)), deviceSecret: "0".repeat(32) };
    const login = { ...signMqttLogin(certificate), reconnectPeriod: 0 };
    await expect(mqtt.connectAsync(`ws://127.0.0.1:${trine.ports.mqtt}/`, login)).rejects.toMatchObject({ code: 4 });
  });

  it.each([
    ["no subprotocol", "/", []],
    ["one that is not spoken", "/", ["amqp"]],
    ["a path that is none", "/other", ["mqtt"]],
  ])("a WebSocket with %s is not opened", async (_what, path, subprotocols) => {
    const socket = new WebSocket(`ws://127.0.0.1:${trine.ports.mqtt}${path}`, subprotocols);
    const [error] = await once(socket, "error");
    expect(String(error)).toMatch(/Unexpected server response: 4\d\d|socket hang up|ECONNRESET/);
  });

  it("clients of MQTT 3.1 choose its subprotocol", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${trine.ports.mqtt}/`, ["mqttv3.1"]);
    await once(socket, "open");
    expect(socket.protocol).toBe("mqttv3.1");
    socket.terminate();
  });
});
