import type { Socket } from "node:net";
import type { DeviceRef } from "@trine/core/certificate";
import { aDeviceRef, anUplink, upTo } from "@trine/testkit/ports";
import { afterEach, expect, it } from "vitest";
import { type ClientOptions, connect, type Received, type TestClient } from "./a-client.ts";
import { anAdapter, type TestAdapter } from "./an-adapter.ts";

const WAIT = { timeout: 10_000 };
const DEADLINE_MS = 1_000;

let adapter: TestAdapter;
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await adapter.stop();
});

async function start(...given: Parameters<typeof anAdapter>) {
  adapter = await anAdapter(...given);
  await adapter.log.putGroup("group", { from: "earliest", ackDeadlineMs: DEADLINE_MS });
  return adapter.addKey();
}

function open(key: ClientOptions["key"], options: Partial<ClientOptions> = {}): TestClient {
  const client = connect({ port: adapter.port, key, ...options });
  clients.push(client);
  return client;
}

const send = (device: DeviceRef, text: string) =>
  adapter.log.append(anUplink(device, { payload: Buffer.from(text), topic: `/${device.productKey}/x/user/update` }));

const textsOf = ({ received }: TestClient) => received.map(({ text }) => text);
const lag = async () => (await adapter.log.listGroups()).find(({ group }) => group === "group")?.lag;

it("an application gets what was sent before it came and after, in order, with topic and companions, and none of it again", async () => {
  const key = await start();
  const device = aDeviceRef();
  for (const i of upTo(5)) await send(device, `${i}`);
  const client = open(key);
  await expect.poll(() => client.received.length, WAIT).toBe(5);
  for (const i of upTo(5)) await send(device, `${5 + i}`);
  await expect.poll(() => textsOf(client), WAIT).toEqual(upTo(10).map(String));
  const { message } = client.received[0]?.context ?? {};
  const properties = message?.application_properties;
  expect(properties).toEqual({
    topic: `/${device.productKey}/x/user/update`,
    messageId: message?.message_id,
    generateTime: expect.any(Number),
    qos: 1,
  });
  await expect.poll(lag, WAIT).toBe(0);
  expect(await adapter.outcomes()).toEqual({ sent: 10, settled: 10 });
  await client.close();
  await expect.poll(() => adapter.recorder.closings, WAIT).toEqual([{ transport: "amqp", why: "disconnected" }]);
  expect(adapter.recorder.faults).toEqual([]);
});

it("never gets more than its credit, and the rest when it gives more", async () => {
  const key = await start();
  const device = aDeviceRef();
  for (const i of upTo(10)) await send(device, `${i}`);
  const client = open(key, { receiver: { credit_window: 0 } });
  client.receiver.add_credit(3);
  await expect.poll(() => client.received.length, WAIT).toBe(3);
  await expect.poll(lag, WAIT).toBe(7);
  // What nobody asked for stays in the log, where others could have it.
  expect((await adapter.outcomes())["sent"]).toBe(3);
  client.receiver.add_credit(100);
  await expect.poll(() => textsOf(client), WAIT).toEqual(upTo(10).map(String));
});

it("gives credit back that it has no messages for, when it is asked to", async () => {
  const key = await start();
  await send(aDeviceRef(), "only");
  const client = open(key, { receiver: { credit_window: 0 } });
  const drained = new Promise((done) => client.receiver.once("receiver_drained", done));
  client.receiver.add_credit(5);
  client.receiver.drain_credit();
  await drained;
  expect(textsOf(client)).toEqual(["only"]);
});

it.each([
  ["does not settle", () => undefined],
  ["releases", ({ context }: Received) => void context.delivery?.release()],
  ["rejects", ({ context }: Received) => void context.delivery?.reject()],
  ["modifies", ({ context }: Received) => void context.delivery?.modified({ delivery_failed: true })],
])("what it %s comes again after the deadline of the group, in order", async (_how, onMessage) => {
  const key = await start();
  const device = aDeviceRef();
  for (const text of ["1", "2"]) await send(device, text);
  const client = open(key, {
    onMessage: (message) => (client.received.length <= 2 ? onMessage(message) : accept(message)),
  });
  await expect.poll(() => textsOf(client), WAIT).toEqual(["1", "2", "1", "2"]);
  await expect.poll(lag, WAIT).toBe(0);
});

it("a client that is killed loses nothing: another one gets what it had, in order", async () => {
  const key = await start();
  const device = aDeviceRef();
  for (const i of upTo(4)) await send(device, `${i}`);
  const first = open(key, { clientId: "first", onMessage: (message) => message.text === "0" && accept(message) });
  await expect.poll(() => first.received.length, WAIT).toBe(4);
  await expect.poll(lag, WAIT).toBe(3);
  first.kill();
  const second = open(key, { clientId: "second" });
  await expect.poll(() => textsOf(second), WAIT).toEqual(["1", "2", "3"]);
});

it("two clients of a group share its messages, each device's in order and at one of them", async () => {
  const readers = new Set<string>();
  const key = await start({}, ({ read }) => ({
    async read(group, request) {
      const items = await read(group, request);
      readers.add(request.consumer);
      return items;
    },
  }));
  const pair = [open(key, { clientId: "a" }), open(key, { clientId: "b" })];
  // There is something to share as soon as both are known to read.
  await expect.poll(() => readers.size, WAIT).toBe(2);
  const devices = upTo(40).map(() => aDeviceRef());
  for (const i of upTo(5)) for (const device of devices) await send(device, `${i} ${device.deviceName}`);
  await expect.poll(() => pair.reduce((sum, { received }) => sum + received.length, 0), WAIT).toBe(200);
  expect((await adapter.outcomes())["sent"]).toBe(200);
  for (const client of pair) expect(client.received.length).toBeGreaterThan(0);
  for (const { deviceName } of devices) {
    const here = pair.map((client) => textsOf(client).filter((text) => text.endsWith(` ${deviceName}`)));
    expect(here.filter(({ length }) => length > 0)).toEqual([upTo(5).map((i) => `${i} ${deviceName}`)]);
  }
});

it("a body is base64 text for who asks for that, and bytes for others", async () => {
  const key = await start();
  await adapter.log.append(anUplink(aDeviceRef(), { payload: Buffer.from([0, 255, 128]) }));
  const asText = open(key, { more: ",encode=base64" });
  await expect.poll(() => textsOf(asText), WAIT).toEqual(["AP+A"]);
  const asBytes = open(key, { group: "other" });
  await expect.poll(() => asBytes.received[0]?.context.message?.body.content, WAIT).toEqual(Buffer.from([0, 255, 128]));
});

it("a payload of the largest size arrives whole, also in frames of the smallest", async () => {
  const key = await start();
  const payload = Buffer.alloc(262_144, "0123456789abcdef");
  await adapter.log.append(anUplink(aDeviceRef(), { payload }));
  const client = open(key, { connection: { max_frame_size: 512 } });
  await expect.poll(() => client.received[0]?.text.length, WAIT).toBe(payload.length);
  expect(client.received[0]?.text).toBe(payload.toString());
});

it("a client that reads nothing is cut off, and what it did not get goes to another", async () => {
  const key = await start({ TRINE_AMQP_SLOW_SECONDS: "1" });
  const device = aDeviceRef();
  const payload = Buffer.alloc(262_144);
  for (const _ of upTo(100)) await adapter.log.append(anUplink(device, { payload }));
  const slow = open(key, { onMessage: () => undefined });
  await expect.poll(() => slow.received.length, WAIT).toBeGreaterThan(0);
  (slow.connection as unknown as { socket: Socket }).socket.pause();
  await expect.poll(() => adapter.recorder.closings, WAIT).toEqual([{ transport: "amqp", why: "slow_reader" }]);
  // It was not sent all of it: the log is read no further than a client reads.
  expect((await adapter.outcomes())["sent"]).toBeLessThan(100);
  const other = open(key);
  await expect.poll(() => other.received.length, { timeout: 20_000 }).toBe(100);
});

it("while the store does not answer, messages wait; what was accepted meanwhile is acknowledged when it does", async () => {
  let isDown = false;
  const failing = <T extends (...given: never[]) => Promise<unknown>>(work: T): T =>
    (async (...given: never[]) => {
      if (isDown) throw new Error("down");
      return work(...given);
    }) as T;
  const key = await start({}, ({ read, acknowledge }) => ({ read: failing(read), acknowledge: failing(acknowledge) }));
  await adapter.log.putGroup("group", { from: "earliest", ackDeadlineMs: 20_000 });
  const device = aDeviceRef();
  await send(device, "1");
  const client = open(key, { onMessage: () => undefined });
  await expect.poll(() => client.received.length, WAIT).toBe(1);
  isDown = true;
  client.received[0]?.context.delivery?.accept();
  await send(device, "2");
  await expect.poll(() => adapter.recorder.faults.length, WAIT).toBeGreaterThan(1);
  expect(client.received).toHaveLength(1);
  isDown = false;
  await expect.poll(() => textsOf(client), WAIT).toEqual(["1", "2"]);
  await expect.poll(async () => (await adapter.outcomes())["settled"], WAIT).toBe(1);
});

it("a stop waits for what was accepted to be acknowledged", async () => {
  let acknowledge: () => void = () => undefined;
  const slow = new Promise<void>((done) => {
    acknowledge = done;
  });
  const key = await start({}, (memory) => ({
    async acknowledge(group, ids) {
      await slow;
      return memory.acknowledge(group, ids);
    },
  }));
  await send(aDeviceRef(), "1");
  const client = open(key);
  await expect.poll(() => client.received.length, WAIT).toBe(1);
  await client.close();
  const stopped = adapter.stop();
  await expect.poll(() => adapter.recorder.closings.length, WAIT).toBe(1);
  expect(await lag()).toBe(1);
  acknowledge();
  await stopped;
  expect(await lag()).toBe(0);
});

it("a stop closes connections so that clients come again, and loses nothing of what they accepted", async () => {
  const key = await start();
  await send(aDeviceRef(), "1");
  const client = open(key);
  await expect.poll(() => client.received.length, WAIT).toBe(1);
  await adapter.stop();
  expect(await client.ended).toMatchObject({ condition: "amqp:connection:forced" });
  expect(await lag()).toBe(0);
});

function accept({ context }: Received): void {
  context.delivery?.accept();
}
