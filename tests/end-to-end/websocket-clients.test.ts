import { once } from "node:events";
import { connectMqtt, type DeviceCertificate, signMqttLogin } from "@trine/device";
import mqtt, { type IClientOptions } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { readUntil } from "../src/uplink-reader.ts";

describe("clients over WebSocket", () => {
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    trine = await startInstallation("embedded", { TRINE_ALL_PORT: "0" });
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(() => trine?.dispose());

  const send = ({ deviceName }: DeviceCertificate, topic: string, payload: string) =>
    trine.api.call("POST", `/v1/products/${productKey}/devices/${deviceName}/messages`, { topic, payload });
  const readFrom = async ({ deviceName }: DeviceCertificate) => {
    const from = (messages: Awaited<ReturnType<typeof readUntil>>) =>
      messages.filter((message) => message.deviceName === deviceName && message.topic.endsWith("/user/update"));
    return from(await readUntil(trine.api, (messages) => from(messages).length > 0, { group: deviceName, productKey }));
  };

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
    expect(await readFrom(certificate)).toMatchObject([{ text: "up", transport: "mqtt" }]);
    await client.endAsync();
  });

  it("the device of this project does so too, over ws and wss", async () => {
    for (const tls of [undefined, { ca: trine.ca }]) {
      const certificate = await addDevice(trine.api, productKey);
      const target = { host: "127.0.0.1", port: trine.ports.mqtt, certificate, webSocketPath: "/" };
      const device = await connectMqtt({ ...target, ...(tls && { tls }) });
      await device.publish({ topic: topicOf(certificate, "user/update"), payload: "up" });
      expect(await readFrom(certificate)).toMatchObject([{ text: "up" }]);
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
