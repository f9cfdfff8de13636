import { afterEach, beforeEach, expect, it } from "vitest";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";
import { aPublish, aSubscribe } from "./raw-client.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await aGateway({ TRINE_MQTT_SUBSCRIPTIONS: 10, TRINE_MQTT_IN_FLIGHT: 3 });
});
afterEach(() => gateway.stop());

it("own topics are granted, foreign ones refused one by one with 0x80", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device);
  const { productKey, deviceName } = device;
  client.send(
    aSubscribe([
      topicOf(device, "user/get"),
      `/${productKey}/other/user/get`,
      `/${productKey}/+/user/get`,
      "#",
      `$share/g/${productKey}/${deviceName}/user/get`,
      topicOf(device, "user/#"),
      `/sys/${productKey}/${deviceName}/thing/service/#`,
      "$session",
    ]),
  );
  expect((await client.take("suback")).granted).toEqual([1, 0x80, 0x80, 0x80, 0x80, 1, 1, 0x80]);
});

it("QoS 2 is granted as 1, QoS 0 as 0", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device);
  for (const [qos, granted] of [
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const) {
    client.send(aSubscribe([topicOf(device, "user/get")], { qos }));
    expect((await client.take("suback")).granted).toEqual([granted]);
  }
});

it("filters beyond eight in one packet are refused, whatever they are, and so are subscriptions beyond the limit", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device);
  const filters = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => topicOf(device, `user/get/${from + at}`));
  client.send(aSubscribe(filters(0, 9)));
  expect((await client.take("suback")).granted).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0x80]);
  client.send(aSubscribe(filters(8, 3)));
  expect((await client.take("suback")).granted).toEqual([1, 1, 0x80]);
  client.send(aSubscribe(filters(0, 2)));
  expect((await client.take("suback")).granted).toEqual([1, 1]);
  client.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: filters(0, 1) }, aSubscribe(filters(10, 1)));
  expect((await client.take("suback")).granted).toEqual([1]);
});

it("after UNSUBSCRIBE nothing comes any more, with either kind of session", async () => {
  for (const clean of [true, false]) {
    const device = await gateway.aDevice();
    const client = await gateway.loggedIn(device, { clean });
    const topic = topicOf(device, "user/get");
    client.send(aSubscribe([topic]), { cmd: "unsubscribe", messageId: 2, unsubscriptions: [topic] });
    expect(await client.take("unsuback")).toMatchObject({ messageId: 2 });
    await gateway.sendTo(device, "user/get");
    client.send({ cmd: "pingreq" });
    await client.take("pingresp");
    expect(
      client.waiting.filter(({ cmd }) => cmd === "publish"),
      `clean ${clean}`,
    ).toEqual([]);
  }
});

it("a message is sent with its own QoS, is `sent`, and `delivered` once it is acknowledged", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device);
  client.send(aSubscribe([topicOf(device, "user/get")], { qos: 0 }));
  await client.take("suback");
  const messageId = await gateway.sendTo(device, "user/get", "hello");
  const message = await client.take("publish");
  expect(message).toMatchObject({ qos: 1, retain: false, payload: Buffer.from("hello") });
  expect(await stateOf(device, messageId)).toBe("sent");
  client.send({ cmd: "puback", messageId: message.messageId ?? 0 }, { cmd: "pingreq" });
  await client.take("pingresp");
  expect(await stateOf(device, messageId)).toBe("delivered");
});

const stateOf = async (device: Parameters<Gateway["sendTo"]>[0], messageId: string) =>
  (await gateway.platform.downlink.status(device, messageId))?.state;

it("what no filter covers waits until one does", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device);
  await gateway.sendTo(device, "user/get/1", "passed over");
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.take("suback");
  await gateway.sendTo(device, "user/get", "covered");
  expect((await client.take("publish")).payload.toString()).toBe("covered");
  client.send(aSubscribe([topicOf(device, "user/get/+")]));
  expect((await client.take("publish")).payload.toString()).toBe("passed over");
});

it("a device with implicit subscriptions gets system topics at once, and others when it subscribes", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device, { implicitSubscriptions: true });
  await gateway.sendTo(device, "user/get", "custom");
  await gateway.sendTo(device, "thing/service/property/set", "system");
  expect((await client.take("publish")).payload.toString()).toBe("system");
  client.send(aSubscribe([topicOf(device, "user/get")]));
  expect((await client.take("publish")).payload.toString()).toBe("custom");
});

it("at most as many messages as allowed are unacknowledged, and all arrive in order", async () => {
  const device = await gateway.aDevice();
  for (let at = 0; at < 10; at += 1) await gateway.sendTo(device, "user/get", `${at}`);
  const client = await gateway.loggedIn(device);
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.take("suback");
  for (let at = 0; at < 10; at += 1) {
    const message = await client.take("publish");
    expect(message.payload.toString()).toBe(`${at}`);
    if (at === 0) {
      client.send({ cmd: "pingreq" });
      await client.take("pingresp");
      expect(client.waiting.filter(({ cmd }) => cmd === "publish")).toHaveLength(2);
    }
    client.send({ cmd: "puback", messageId: message.messageId ?? 0 });
  }
});

it("unacknowledged messages come again at the next login", async () => {
  const device = await gateway.aDevice();
  const options = { clean: false };
  const client = await gateway.loggedIn(device, options);
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.take("suback");
  await gateway.sendTo(device, "user/get", "1");
  await gateway.sendTo(device, "user/get", "2");
  const first = await client.take("publish");
  await client.take("publish");
  client.send({ cmd: "puback", messageId: first.messageId ?? 0 }, { cmd: "pingreq" });
  await client.take("pingresp");
  await client.close();
  const again = await gateway.loggedIn(device, options);
  expect((await again.take("publish")).payload.toString()).toBe("2");
  again.send({ cmd: "pingreq" });
  await again.take("pingresp");
  expect(again.waiting).toEqual([]);
});

it("a lasting session outlives the connection and the process, and is said to be present; a clean one ends it", async () => {
  const device = await gateway.aDevice();
  const session = async (clean: boolean, version: 3 | 4 = 4) => {
    const client = await gateway.open();
    client.send(gateway.connectOf(device, { clean, version }));
    const { sessionPresent } = await client.take("connack");
    return { client, sessionPresent };
  };
  const first = await session(false);
  expect(first.sessionPresent).toBe(false);
  first.client.send(aSubscribe([topicOf(device, "user/get")]));
  await first.client.take("suback");
  await first.client.close();
  await gateway.restart();
  await gateway.sendTo(device, "user/get", "kept");
  const second = await session(false);
  expect(second.sessionPresent).toBe(true);
  const kept = await second.client.take("publish");
  second.client.send({ cmd: "puback", messageId: kept.messageId ?? 0 });
  second.client.send({ cmd: "unsubscribe", messageId: 3, unsubscriptions: [topicOf(device, "user/get")] });
  await second.client.take("unsuback");
  const empty = await session(false);
  expect(empty.sessionPresent).toBe(true);
  expect((await session(false, 3)).client.raw()).toBe("20020000");
  expect((await session(true)).sessionPresent).toBe(false);
  const last = await session(false);
  expect(last.sessionPresent).toBe(false);
  await last.client.close();
});

it("a QoS 0 message reaches who is connected and subscribed, and nobody else", async () => {
  const device = await gateway.aDevice();
  const send = () =>
    gateway.platform.downlink.send(device, {
      topic: topicOf(device, "user/get"),
      payload: Buffer.from("now"),
      qos: 0,
      ttlMs: 1_000,
    });
  expect(await send()).toMatchObject({ state: "expired" });
  const client = await gateway.loggedIn(device);
  expect(await send()).toMatchObject({ state: "expired" });
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.take("suback");
  expect(await send()).toMatchObject({ state: "sent" });
  expect(await client.take("publish")).toMatchObject({ qos: 0, payload: Buffer.from("now") });
});

it("one device that does not read slows nobody else, and gets everything once it reads", async () => {
  const [frozen, lively] = [await gateway.aDevice(), await gateway.aDevice()];
  const stuck = await gateway.loggedIn(frozen);
  stuck.send(aSubscribe([topicOf(frozen, "user/get")]));
  await stuck.take("suback");
  const client = await gateway.loggedIn(lively);
  client.send(aSubscribe([topicOf(lively, "user/get")]));
  await client.take("suback");
  stuck.stream.pause();
  const big = "x".repeat(200_000);
  for (let at = 0; at < 3; at += 1) await gateway.sendTo(frozen, "user/get", big);
  const began = performance.now();
  for (let at = 0; at < 50; at += 1) {
    await gateway.sendTo(lively, "user/get", `${at}`);
    const message = await client.take("publish");
    client.send({ cmd: "puback", messageId: message.messageId ?? 0 });
    client.send(aPublish({ topic: topicOf(lively, "user/update"), messageId: at + 1 }));
    await client.take("puback");
  }
  expect(performance.now() - began).toBeLessThan(3_000);
  stuck.stream.resume();
  for (let at = 0; at < 3; at += 1) {
    const message = await stuck.take("publish");
    expect(message.payload).toHaveLength(big.length);
    stuck.send({ cmd: "puback", messageId: message.messageId ?? 0 });
  }
});

it("a store that is down refuses no subscription for good: the connection ends, and the device comes again", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device, { clean: false });
  gateway.faults.down = true;
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.closed;
  gateway.faults.down = false;
  expect(client.waiting).toEqual([]);
  const again = await gateway.loggedIn(device, { clean: false });
  again.send(aSubscribe([topicOf(device, "user/get")]));
  expect((await again.take("suback")).granted).toEqual([1]);
});
