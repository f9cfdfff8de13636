import { Secret } from "@trine/core/certificate";
import { aDeviceRef, anUplink, aProductKey } from "@trine/testkit/ports";
import { afterEach, expect, it } from "vitest";
import { type ClientOptions, connect, type TestClient } from "./a-client.ts";
import { anAdapter, type TestAdapter } from "./an-adapter.ts";

const WAIT = { timeout: 10_000 };

let adapter: TestAdapter;
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await adapter.stop();
});

function open(key: ClientOptions["key"], options: Partial<ClientOptions> = {}): TestClient {
  const client = connect({ port: adapter.port, key, ...options });
  clients.push(client);
  return client;
}

const codes = () => adapter.recorder.logins.map(({ code }) => code);
const audited = async () => (await adapter.audit.list({}, { limit: 50 })).items;

it("a wrong secret and a key that there is not are refused alike, as credentials", async () => {
  adapter = await anAdapter();
  const key = adapter.addKey();
  for (const wrong of [
    { ...key, secret: new Secret("wrong") },
    { ...key, accessKeyId: "A".repeat(20) },
  ])
    expect(await open(wrong).ended).toMatchObject({ condition: "amqp:unauthorized-access" });
  expect(codes()).toEqual(["bad_credentials", "bad_credentials"]);
});

it("an outage is no wrong key: the client is told that the system is at fault", async () => {
  adapter = await anAdapter();
  adapter.beforeFind = async () => {
    throw new Error("down");
  };
  expect(await open(adapter.addKey()).ended).toMatchObject({ condition: "amqp:internal-error" });
  expect(codes()).toEqual(["unavailable"]);
});

it("a key of a viewer may not read, and the refusal is audited once", async () => {
  adapter = await anAdapter();
  const key = adapter.addKey({ role: "viewer" });
  for (const _ of [1, 2]) {
    const { condition, description } = await open(key).ended;
    expect({ condition, description }).toEqual({
      condition: "amqp:unauthorized-access",
      description: expect.stringContaining("operator"),
    });
  }
  expect(await audited()).toMatchObject([
    { action: "access.refused", actor: `test (${key.accessKeyId})`, target: "group", detail: { code: "role_too_low" } },
  ]);
});

it("a key that is limited to products reads groups of these, and is refused others", async () => {
  adapter = await anAdapter();
  const [mine, second, foreign] = [aProductKey(), aProductKey(), aProductKey()];
  const read = (group: string, productKey: typeof mine) =>
    adapter.log.read(group, { consumer: "rest", count: 1, productKey, nowMs: 0 });
  await read("foreign", foreign);
  await read("second", second);
  const one = adapter.addKey({ role: "operator", products: [mine] });
  const two = adapter.addKey({ role: "operator", products: [mine, second] });
  expect(await open(one, { group: "foreign" }).ended).toMatchObject({ condition: "amqp:unauthorized-access" });
  expect(await open(two, { group: "new" }).ended).toMatchObject({ condition: "amqp:not-allowed" });
  for (const productKey of [mine, second, foreign])
    await adapter.log.append(anUplink(aDeviceRef(productKey), { payload: Buffer.from(productKey) }));
  // The first binds a new group to the only product, the other goes by what the group is bound to.
  const [ofOne, ofTwo] = [open(one, { group: "mine" }), open(two, { group: "second" })];
  await expect.poll(() => ofOne.received.map(({ text }) => text), WAIT).toEqual([mine]);
  await expect.poll(() => ofTwo.received.map(({ text }) => text), WAIT).toEqual([second]);
});

it("a group that is bound to one product is refused to nobody who reaches it, and one of all products to who is limited", async () => {
  adapter = await anAdapter();
  await adapter.log.read("all", { consumer: "rest", count: 1, nowMs: 0 });
  const limited = adapter.addKey({ role: "operator", products: [aProductKey()] });
  expect(await open(limited, { group: "all" }).ended).toMatchObject({ condition: "amqp:not-allowed" });
});

it("a key that is revoked or limited while it is connected ends its connections", async () => {
  adapter = await anAdapter();
  const [revoked, lowered] = [adapter.addKey(), adapter.addKey()];
  const [first, other] = [open(revoked), open(lowered, { group: "other" })];
  await expect.poll(() => adapter.recorder.openings.length, WAIT).toBe(2);
  adapter.keys.delete(revoked.accessKeyId);
  adapter.keys.set(lowered.accessKeyId, { ...lowered, role: "viewer" });
  for (const { ended } of [first, other])
    expect(await ended).toMatchObject({
      condition: "amqp:unauthorized-access",
      description: expect.stringContaining("revoked"),
    });
});

it("who shows wrong credentials too often waits, a right one from there does not, and the log says so once", async () => {
  adapter = await anAdapter();
  const key = adapter.addKey();
  const wrong = { ...key, secret: new Secret("wrong") };
  const right = { timestamp: 1_573_489_088_171, group: "g" };
  const before = open(key, right);
  await expect.poll(codes, WAIT).toEqual(["ok"]);
  for (let i = 0; i < 12; i += 1) await open(wrong).ended;
  expect(codes().slice(-2)).toEqual(["bad_credentials", "held_up"]);
  await before.close();
  open(key, right);
  await expect.poll(() => codes().at(-1), WAIT).toBe("ok");
  expect((await audited()).map(({ action }) => action)).toEqual(["access.held_up"]);
});

it("a timestamp that is signed counts for nothing, unless a window is set", async () => {
  adapter = await anAdapter({ TRINE_AMQP_TIMESTAMP_SECONDS: "900" });
  const key = adapter.addKey();
  expect(await open(key, { timestamp: Date.now() - 901_000 }).ended).toMatchObject({
    condition: "amqp:unauthorized-access",
  });
  expect(await open(key, { timestamp: Date.now() + 901_000 }).ended).toMatchObject({
    condition: "amqp:unauthorized-access",
  });
  open(key, { timestamp: Date.now() - 800_000 });
  await expect.poll(codes, WAIT).toEqual(["stale", "stale", "ok"]);
});

it("a group has so many clients and a key so many connections, and places become free", async () => {
  adapter = await anAdapter({ TRINE_AMQP_CLIENTS_PER_GROUP: "1", TRINE_AMQP_CONNECTIONS_PER_KEY: "2" });
  const [key, another] = [adapter.addKey(), adapter.addKey()];
  const first = open(key, { group: "a" });
  open(key, { group: "b" });
  await expect.poll(() => adapter.recorder.logins.length, WAIT).toBe(2);
  expect(await open(another, { group: "a" }).ended).toMatchObject({
    condition: "amqp:resource-limit-exceeded",
    description: expect.stringContaining("group"),
  });
  expect(await open(key, { group: "c" }).ended).toMatchObject({
    condition: "amqp:resource-limit-exceeded",
    description: expect.stringContaining("key"),
  });
  await first.close();
  await adapter.log.append(anUplink(aDeviceRef(), {}));
  // The place is free as soon as what the first one accepted is acknowledged.
  const tried: TestClient[] = [];
  await expect
    .poll(() => {
      tried.push(open(another, { group: "a" }));
      return tried.some(({ received }) => received.length > 0);
    }, WAIT)
    .toBe(true);
});

it("a client that opens no receiver link in time is told so", async () => {
  adapter = await anAdapter({ TRINE_AMQP_LINK_SECONDS: "1" });
  const client = open(adapter.addKey(), { receiver: "none" });
  expect(await client.ended).toMatchObject({ condition: "amqp:connection:forced" });
  await expect.poll(() => adapter.recorder.closings, WAIT).toEqual([{ transport: "amqp", why: "no_link" }]);
});

it("a second receiver link and a sender are refused; the first link goes on", async () => {
  adapter = await anAdapter();
  const client = open(adapter.addKey());
  await new Promise((done) => client.connection.once("receiver_open", done));
  const second = client.connection.open_receiver();
  const secondError = new Promise((done) => second.once("receiver_error", () => done(second.error)));
  expect(await secondError).toMatchObject({ condition: "amqp:resource-limit-exceeded" });
  const sender = client.connection.open_sender("anything");
  const senderError = new Promise((done) => sender.once("sender_error", () => done(sender.error)));
  expect(await senderError).toMatchObject({ condition: "amqp:not-allowed" });
  await adapter.log.append(anUplink(aDeviceRef(), {}));
  await expect.poll(() => client.received.length, WAIT).toBe(1);
});

it.each([
  ["frames that are too small", { max_frame_size: 100 }, "amqp:not-allowed"],
  ["an idle time that is too short", { idle_time_out: 10 }, "amqp:resource-limit-exceeded"],
])("a client that asks for %s is refused", async (_what, connection, condition) => {
  adapter = await anAdapter();
  expect(await open(adapter.addKey(), { connection }).ended).toMatchObject({ condition });
});

it("a client that stops to send signs of life is closed, and one that sends them is not", async () => {
  adapter = await anAdapter({ TRINE_AMQP_IDLE_SECONDS: "2" });
  const key = adapter.addKey();
  const [alive, silent] = [open(key), open(key, { group: "silent" })];
  await expect.poll(() => adapter.recorder.logins.length, WAIT).toBe(2);
  const { connection } = silent as unknown as { connection: { _write_frame: () => void } };
  connection._write_frame = () => undefined;
  await expect.poll(() => adapter.recorder.closings.length, WAIT).toBe(1);
  await adapter.log.append(anUplink(aDeviceRef(), {}));
  await expect.poll(() => alive.received.length, WAIT).toBe(1);
});
