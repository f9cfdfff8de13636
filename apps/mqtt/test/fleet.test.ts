import { isRefusal } from "@trine/core/auth";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";
import { aPublish, aSubscribe } from "./raw-client.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await aGateway();
});
afterEach(() => gateway.stop());

it("a gateway past its lease closes every connection unread, logged in or not", async () => {
  const [one, two] = [await gateway.aDevice(), await gateway.aDevice()];
  const clients = [await gateway.loggedIn(one), await gateway.loggedIn(two), await gateway.open()];
  clients[2]?.send(Buffer.from([0x10]));
  gateway.lease.lives = false;
  clients[0]?.send(aPublish({ topic: topicOf(one, "user/update"), payload: "too late" }));
  await Promise.all(clients.map((client) => client.closed));
  expect(clients[0]?.waiting).toEqual([]);
  expect(await gateway.published(one)).toEqual([]);
  gateway.lease.lives = true;
  await gateway.loggedIn(one);
});

it("a login that comes in past the lease is not answered", async () => {
  const device = await gateway.aDevice();
  gateway.lease.lives = false;
  const client = await gateway.open();
  client.send(gateway.connectOf(device));
  await client.closed;
  expect(client.waiting).toEqual([]);
  expect(gateway.recorder.logins).toEqual([]);
});

/** A device that is connected and gets what is sent on `user/get`. */
async function subscribed(device: Awaited<ReturnType<Gateway["aDevice"]>>) {
  const client = await gateway.loggedIn(device);
  client.send(aSubscribe([topicOf(device, "user/get")]));
  await client.take("suback");
  return client;
}

/** A session of the same device that fetches with a token. */
async function fetching(device: Awaited<ReturnType<Gateway["aDevice"]>>) {
  const { productKey, deviceName } = device;
  const credentials = await gateway.ports.registry.findCredentials({ productKey, deviceName });
  if (!credentials) throw new Error("the device was added");
  const session = {
    sessionId: "token session",
    device: { productKey, deviceName },
    iotId: credentials.iotId,
    secretVersion: credentials.secretVersion,
    transport: "other",
    peer: "192.0.2.1",
    product: credentials.product,
    activatedNow: false,
  };
  return async (waitMs = 0) => {
    const signal = new AbortController().signal;
    const found = await gateway.platform.inbox.fetch(session, { limit: 10, waitMs, signal });
    if (isRefusal(found)) throw new Error(found.code);
    return found.map(({ payload }) => payload.toString());
  };
}

it("what is out to a connection is not fetched in another way, until it is acknowledged", async () => {
  const device = await gateway.aDevice();
  const fetch = await fetching(device);
  const client = await subscribed(device);
  await gateway.sendTo(device, "user/get", "1");
  const first = await client.take("publish");
  // No filter covers it, so only a fetch can get it.
  await gateway.sendTo(device, "user/get/x", "2");
  expect(await fetch()).toEqual([]);
  client.send({ cmd: "puback", messageId: first.messageId ?? 0 });
  await expect.poll(() => fetch()).toEqual(["2"]);
});

it("a connection waits for what was fetched in another way, and goes on by itself in order", async () => {
  const device = await gateway.aDevice();
  const fetch = await fetching(device);
  const ids = [await gateway.sendTo(device, "user/get", "1"), await gateway.sendTo(device, "user/get", "2")];
  expect(await fetch()).toEqual(["1", "2"]);
  const client = await subscribed(device);
  await gateway.sendTo(device, "user/get", "3");
  expect(await client.take("publish", 200).catch(() => "nothing")).toBe("nothing");
  for (const messageId of ids) await gateway.ports.mailbox.acknowledge(device, messageId, Date.now());
  expect((await client.take("publish")).payload.toString()).toBe("3");
});

it("what a connection did not acknowledge is free as soon as it is gone", async () => {
  const device = await gateway.aDevice();
  const fetch = await fetching(device);
  const client = await subscribed(device);
  await gateway.sendTo(device, "user/get", "1");
  await client.take("publish");
  expect(await fetch()).toEqual([]);
  await client.close();
  await expect.poll(() => fetch()).toEqual(["1"]);
});

it("a message that waits reaches one of a connection and a fetch that wait at once", async () => {
  const device = await gateway.aDevice();
  const fetch = await fetching(device);
  const client = await subscribed(device);
  for (let number = 1; number <= 20; number += 1) {
    const polled = fetch(150);
    const pushed = client.take("publish", 150).catch(() => undefined);
    const messageId = await gateway.sendTo(device, "user/get", String(number));
    const [fetched, packet] = await Promise.all([polled, pushed]);
    expect([...fetched, ...(packet ? [packet.payload.toString()] : [])]).toEqual([String(number)]);
    if (packet) client.send({ cmd: "puback", messageId: packet.messageId ?? 0 });
    else await gateway.ports.mailbox.acknowledge(device, messageId, Date.now());
    const isDelivered = async () => (await gateway.platform.downlink.status(device, messageId))?.state;
    await expect.poll(isDelivered).toBe("delivered");
  }
});

it("the end of an older secret closes the connections made under it, and no others", async () => {
  const [rotated, other] = [await gateway.aDevice(), await gateway.aDevice()];
  const [client, untouched] = [await gateway.loggedIn(rotated), await gateway.loggedIn(other)];
  const target = { device: { productKey: rotated.productKey, deviceName: rotated.deviceName } };
  const credentials = await gateway.ports.registry.findCredentials(rotated);
  const version = credentials?.secretVersion ?? 0;
  const same = await gateway.operators.revocation.revoke(target, { close: true, minSecretVersion: version });
  expect(same.closedSessions).toBe(0);
  const next = await gateway.operators.revocation.revoke(target, { close: true, minSecretVersion: version + 1 });
  expect(next.closedSessions).toBe(1);
  await client.closed;
  untouched.send({ cmd: "pingreq" });
  await untouched.take("pingresp");
});
