import { type MacAttempt, refuse } from "@trine/core/auth";
import { computeMac, macMatches, Secret, stringToSign } from "@trine/core/certificate";
import { findVector } from "@trine/vectors";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aGateway, type ConnectOptions, type Gateway, topicOf } from "./a-gateway.ts";
import { aPublish, aSubscribe } from "./raw-client.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await aGateway({ TRINE_MQTT_CONNECT_SECONDS: 1, TRINE_MQTT_KEEPALIVE_MIN: 1 });
});
afterEach(() => gateway.stop());

async function answerTo(options: ConnectOptions): Promise<string> {
  const client = await gateway.open();
  client.send(gateway.connectOf(await gateway.aDevice(), options));
  await client.take("connack");
  await client.close();
  return client.raw();
}

it("an accepted login is answered by four bytes, over MQTT 3.1 as over 3.1.1", async () => {
  expect(await answerTo({})).toBe("20020000");
  expect(await answerTo({ version: 3 })).toBe("20020000");
});

it("a keepalive out of bounds, and none, is refused with code 2", async () => {
  await gateway.stop();
  gateway = await aGateway();
  for (const keepalive of [0, 29, 1_201, 65_535])
    expect(await answerTo({ keepalive }), `${keepalive}`).toBe("20020002");
  for (const keepalive of [30, 1_200]) expect(await answerTo({ keepalive }), `${keepalive}`).toBe("20020000");
});

it("a version that is neither 3.1 nor 3.1.1 is answered with code 1", async () => {
  for (const level of ["02", "05", "06", "84"]) {
    const client = await gateway.open();
    client.send(Buffer.from(`101200044d515454${level}02003c000678787878787800`, "hex"));
    await client.closed;
    expect(client.raw(), level).toBe("20020001");
  }
});

it("the Node SDK's captured CONNECT is understood, byte for byte, and its signature found right", async () => {
  const { inputs, outputs } = findVector("mqtt-connect-raw-node128-A");
  const { productKey, deviceName, deviceSecret = "" } = inputs as Record<string, string>;
  const secret = new Secret(deviceSecret);
  Object.assign(gateway.platform.authenticator, {
    async authenticate({ device, transport, peer, signMethod, signed, mac }: MacAttempt) {
      const isRight = macMatches(computeMac(signMethod, secret, stringToSign(signed)), mac);
      const product = { productKey: device.productKey, nodeType: "device", policy: {}, topicClasses: [] };
      const session = { sessionId: "s", device, iotId: "i", transport, peer, product, activatedNow: false };
      return isRight ? session : refuse("bad_credentials", "wrong");
    },
  });
  const client = await gateway.open();
  client.send(Buffer.from(String(outputs["connectPacketHex"]), "hex"));
  await client.take("connack");
  expect(client.raw()).toBe("20020000");
  client.send(aPublish({ topic: `/sys/${productKey}/${deviceName}/thing/event/property/post`, payload: "{}" }));
  await client.take("puback");
  await client.close();
});

it("a connection that sends no whole CONNECT in time is closed", async () => {
  const slow = await gateway.open();
  slow.stream.write(Buffer.from([0x10]));
  await slow.closed;
  expect(slow.raw()).toBe("");
});

it("a device that is silent for one and a half times its keepalive is closed, one that pings is not", async () => {
  const [silent, alive] = [await gateway.aDevice(), await gateway.aDevice()];
  const began = performance.now();
  const quiet = await gateway.loggedIn(silent, { keepalive: 1 });
  const pinging = await gateway.loggedIn(alive, { keepalive: 1 });
  const timer = setInterval(() => pinging.send({ cmd: "pingreq" }), 300);
  await quiet.closed;
  expect(performance.now() - began).toBeGreaterThan(1_400);
  await pinging.take("pingresp");
  pinging.send(aPublish({ topic: topicOf(alive, "user/update") }));
  await pinging.take("puback");
  clearInterval(timer);
});

it("what is sent behind the CONNECT at once is served in order", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.open();
  const topic = topicOf(device, "user/update");
  client.send(
    gateway.connectOf(device),
    aPublish({ topic, payload: "1", messageId: 1 }),
    aSubscribe([topicOf(device, "user/get")]),
    aPublish({ topic, payload: "2", messageId: 2 }),
  );
  for (const messageId of [1, 2]) expect(await client.take("puback")).toMatchObject({ messageId });
  await client.take("suback");
  expect((await gateway.published(device)).map(({ payload }) => String(payload))).toEqual(["1", "2"]);
  await client.close();
});

it("a will is accepted and never published", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.loggedIn(device, { will: true });
  client.reset();
  await client.closed;
  await (await gateway.loggedIn(device)).close();
  expect(await gateway.published(device)).toEqual([]);
});

it("the newest connection of a device wins, and the older one is closed", async () => {
  const device = await gateway.aDevice();
  let last = await gateway.loggedIn(device);
  for (let round = 0; round < 5; round += 1) {
    const next = await gateway.loggedIn(device);
    await last.closed;
    last = next;
  }
  last.send(aPublish({ topic: topicOf(device, "user/update") }));
  await last.take("puback");
});

it("of many logins of one device at once exactly one connection is left", async () => {
  const device = await gateway.aDevice();
  const clients = await Promise.all(Array.from({ length: 10 }, () => gateway.open()));
  for (const client of clients) client.send(gateway.connectOf(device, { clean: false }));
  let open = clients.length;
  await new Promise<void>((done) => {
    for (const client of clients) {
      client.closed.then(() => {
        open -= 1;
        if (open === 1) done();
      });
    }
  });
  const left = clients.find(({ stream }) => !stream.closed);
  left?.send(aPublish({ topic: topicOf(device, "user/update") }));
  await left?.take("puback");
  await left?.close();
});

it("a device that leaves while it logs in is offline afterwards", async () => {
  const device = await gateway.aDevice();
  const connect = gateway.connectOf(device);
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = await gateway.open();
      client.send(connect);
      client.reset();
      await client.closed;
    }),
  );
  // Stopping waits for logins that are under way.
  await gateway.restart();
  expect(await gateway.ports.directory.locate(device)).toBeUndefined();
});

it("a device that is disabled while it logs in does not stay", async () => {
  const device = await gateway.aDevice();
  const client = await gateway.open();
  const { authenticator } = gateway.platform;
  const authenticate = authenticator.authenticate.bind(authenticator);
  Object.assign(authenticator, {
    async authenticate(attempt: Parameters<typeof authenticate>[0]) {
      const session = await authenticate(attempt);
      await gateway.operators.devices.disable(gateway.actor, device);
      return session;
    },
  });
  client.send(gateway.connectOf(device));
  await client.closed;
  expect(client.raw()).toBe("20020003");
});
