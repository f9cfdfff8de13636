import { type MqttClient, connect as open } from "mqtt";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";

let gateway: Gateway;
let client: MqttClient | undefined;
beforeEach(async () => {
  gateway = await aGateway();
});
afterEach(async () => {
  await client?.endAsync(true);
  client = undefined;
  await gateway.stop();
});

/** @param onMessage hears what comes, from the first message on. */
async function connect(
  device: Awaited<ReturnType<Gateway["aDevice"]>>,
  clean: boolean,
  onMessage: (text: string) => void = () => undefined,
): Promise<MqttClient> {
  const { clientId, username = "", password = "", keepalive = 60 } = gateway.connectOf(device);
  const options = { clientId, username, password: password.toString(), keepalive, clean, reconnectPeriod: 0 };
  const opened = open(`mqtt://127.0.0.1:${gateway.port}`, options);
  client = opened;
  opened.on("message", (topic, payload) => onMessage(`${topic} ${payload}`));
  return new Promise((done, fail) => {
    opened.once("connect", () => done(opened));
    opened.once("error", fail);
  });
}

it("MQTT.js publishes, subscribes, is refused a foreign filter, and receives", async () => {
  const device = await gateway.aDevice();
  let hear = (_text: string) => {};
  const mqtt = await connect(device, true, (text) => hear(text));
  await mqtt.publishAsync(topicOf(device, "user/update"), "up", { qos: 1 });
  expect((await gateway.published(device)).map(({ payload }) => payload.toString())).toEqual(["up"]);
  const topic = topicOf(device, "user/get");
  const granted = await mqtt.subscribeAsync(topic, { qos: 2 });
  expect(granted.map(({ qos }) => qos)).toEqual([1]);
  await expect(mqtt.subscribeAsync("/some/body/user/get")).rejects.toThrow();
  const received = new Promise((done) => {
    hear = done;
  });
  const messageId = await gateway.sendTo(device, "user/get", "down");
  expect(await received).toBe(`${topic} down`);
  // Its PUBACK is written before it unsubscribes.
  await mqtt.unsubscribeAsync(topic);
  expect((await gateway.platform.downlink.status(device, messageId))?.state).toBe("delivered");
});

it("MQTT.js with a wrong secret is told that its credentials are wrong", async () => {
  const [device, other] = [await gateway.aDevice(), await gateway.aDevice()];
  await expect(connect({ ...device, deviceSecret: other.deviceSecret }, true)).rejects.toMatchObject({ code: 4 });
});

it("MQTT.js comes back to its lasting session and finds what was sent meanwhile", async () => {
  const device = await gateway.aDevice();
  const first = await connect(device, false);
  await first.subscribeAsync(topicOf(device, "user/get"), { qos: 1 });
  await first.endAsync();
  await gateway.sendTo(device, "user/get", "meanwhile");
  const received = new Promise((done) => connect(device, false, done));
  expect(await received).toBe(`${topicOf(device, "user/get")} meanwhile`);
});
