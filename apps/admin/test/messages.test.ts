import type { DeviceCertificate } from "@trine/core/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const LIMITS = { maxMessages: 3, maxBytes: 1_000_000 };

describe("a message to a device", () => {
  let admin: TestAdmin;
  let device: DeviceCertificate;
  let nowMs = 1_700_000_000_000;
  beforeAll(async () => {
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    admin = await openAdmin({ clock, settings: { mailboxLimits: LIMITS } });
  });
  beforeEach(async () => {
    device = await admin.gateway.addDevice();
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  const messages = () => `/v1/products/${device.productKey}/devices/${device.deviceName}/messages`;
  const topic = (suffix = "user/get") => `/${device.productKey}/${device.deviceName}/${suffix}`;
  const send = (body: object = {}, headers = {}) =>
    admin.ask(`POST ${messages()}`, { body: { topic: topic(), payload: "hello", ...body }, headers });
  const status = async (messageId: unknown) => (await admin.ask(`GET ${messages()}/${messageId}`)).body;
  const waiting = () => admin.gateway.ports.mailbox.pending(device, { limit: 100, nowMs });

  it("is queued, sent, delivered, and its sender sees each", async () => {
    const sent = await send();
    expect(sent).toMatchObject({ status: 202, body: { messageId: expect.stringMatching(/^\d+$/), state: "queued" } });
    const { messageId } = sent.body;
    const createdAt = new Date(nowMs).toISOString();
    expect(await status(messageId)).toEqual({
      messageId,
      topic: topic(),
      qos: 1,
      state: "queued",
      createdAt,
      expiresAt: new Date(nowMs + 7 * 86_400_000).toISOString(),
      changedAt: createdAt,
    });
    const { mailbox } = admin.gateway.ports;
    const ids = { messageIds: [String(messageId)], nowMs: nowMs + 1_000, leaseMs: 30_000 };
    await mailbox.claim(device, { taker: { id: "a taker" }, ...ids });
    expect(await status(messageId)).toMatchObject({ state: "sent", changedAt: new Date(nowMs + 1_000).toISOString() });
    await mailbox.acknowledge(device, String(messageId), nowMs + 2_000);
    expect(await status(messageId)).toMatchObject({ state: "delivered" });
  });

  it("expires when nobody fetched it in time", async () => {
    const { messageId } = (await send({ ttlSeconds: 60 })).body;
    nowMs += 59_999;
    expect(await status(messageId)).toMatchObject({ state: "queued" });
    nowMs += 1;
    expect(await status(messageId)).toMatchObject({ state: "expired" });
    expect(await waiting()).toEqual([]);
  });

  it("of QoS 0 is sent if the device is connected, and expires at once if not", async () => {
    const lost = await send({ qos: 0 });
    expect(lost).toMatchObject({ status: 202, body: { state: "expired" } });
    expect(await status(lost.body["messageId"])).toMatchObject({ state: "expired", qos: 0 });
    expect(await waiting()).toEqual([]);
    const got: string[] = [];
    const { ports, platform } = admin.gateway;
    const leave = platform.hold({
      close: async () => 0,
      closeAll: () => 0,
      closeOlder: async () => 0,
      held: () => [],
      wake: () => undefined,
      wakeAll: () => undefined,
      deliver: (_device, { payload }) => got.push(payload.toString()) > 0,
    });
    await ports.directory.claim(device, { nodeId: platform.nodeId, connectionId: "c1", about: "" });
    expect((await send({ qos: 0 })).body).toMatchObject({ state: "sent" });
    leave();
    expect(got).toEqual(["hello"]);
  });

  it("is reported when it ends, if its sender asks for that", async () => {
    const { mailbox } = admin.gateway.ports;
    const silent = await send();
    const asked = await send({ report: true });
    for (const { body } of [silent, asked]) await mailbox.acknowledge(device, String(body["messageId"]), nowMs);
    const ended = await mailbox.ended({ nowMs, limit: 10 });
    expect(ended.map(({ messageId }) => messageId)).toEqual([asked.body["messageId"]]);
  });

  it("carries any bytes as base64, and text as UTF-8", async () => {
    const bytes = Buffer.from([0, 255, 128, 10]);
    await send({ payload: bytes.toString("base64"), encoding: "base64" });
    await send({ payload: bytes.toString("base64").replace(/=+$/, ""), encoding: "base64" });
    await send({ payload: "温度 21°" });
    expect((await waiting()).map(({ payload }) => payload)).toEqual([bytes, bytes, Buffer.from("温度 21°")]);
  });

  it("may be empty", async () => {
    expect((await send({ payload: "" })).status).toBe(202);
  });

  it.each([
    [{ topic: undefined }, "topic"],
    [{ topic: "" }, "topic"],
    [{ topic: `/${"x".repeat(256)}` }, "topic"],
    [{ payload: undefined }, "payload"],
    [{ payload: { a: 1 } }, "payload"],
    [{ payload: "a\0b" }, "payload"],
    [{ payload: "half \ud800" }, "payload"],
    [{ payload: "not base64!", encoding: "base64" }, "payload"],
    [{ payload: "ab", encoding: "base64" }, "payload"],
    [{ encoding: "hex" }, "encoding"],
    [{ qos: 2 }, "qos"],
    [{ qos: "1" }, "qos"],
    [{ ttlSeconds: 0 }, "ttlSeconds"],
    [{ ttlSeconds: 604_801 }, "ttlSeconds"],
    [{ ttlSeconds: 1e308 }, "ttlSeconds"],
    [{ report: "yes" }, "report"],
    [{ report: true, qos: 0 }, "report"],
    [{ retain: true }, "retain"],
  ])("is refused with %j, by the name of the field", async (body, field) => {
    expect(problemOf(await send(body), 400)).toMatchObject({ code: "invalid", field });
    expect(await waiting()).toEqual([]);
  });

  it("goes to topics only that the device may subscribe to", async () => {
    const { productKey, deviceName } = device;
    const other = await admin.gateway.addDevice(device.productKey);
    for (const each of [
      `/${productKey}/${other.deviceName}/user/get`,
      `/x${productKey}/${deviceName}/user/get`,
      topic("user/update"),
      topic("user/+"),
      topic("#"),
      topic("unheard/of"),
      "user/get",
      `${productKey}/${deviceName}/user/get`,
      topic("user//get"),
    ])
      expect(problemOf(await send({ topic: each }), 400), each).toMatchObject({
        code: "forbidden_topic",
        field: "topic",
      });
    expect(await waiting()).toEqual([]);
    const system = `/sys/${productKey}/${deviceName}/thing/service/property/set`;
    expect((await send({ topic: system })).status).toBe(202);
  });

  it("of more than 256 KiB is 413", async () => {
    expect((await send({ payload: "x".repeat(262_144) })).status).toBe(202);
    for (const given of [{ payload: "x".repeat(262_145) }, { payload: "é".repeat(131_073) }])
      expect(problemOf(await send(given), 413)).toMatchObject({ code: "too_large", field: "payload" });
  });

  it("finds the mailbox full by its number, and room again after an acknowledgement", async () => {
    const sent = await Promise.all([send(), send(), send()]);
    expect(problemOf(await send(), 429)).toMatchObject({ code: "mailbox_full" });
    expect((await send({ qos: 0 })).status).toBe(202);
    await admin.gateway.ports.mailbox.acknowledge(device, String(sent[0]?.body["messageId"]), nowMs);
    expect((await send()).status).toBe(202);
  });

  it("with the same idempotency key is the same message", async () => {
    const key = { "idempotency-key": "order-17" };
    const first = await send({}, key);
    const ids = { messageIds: [String(first.body["messageId"])], nowMs, leaseMs: 30_000 };
    await admin.gateway.ports.mailbox.claim(device, { taker: { id: "a taker" }, ...ids });
    expect(await send({}, key)).toMatchObject({ status: 202, body: { ...first.body, state: "sent" } });
    expect((await send({}, { "idempotency-key": "order-18" })).body["messageId"]).not.toBe(first.body["messageId"]);
    expect(await waiting()).toHaveLength(2);
    problemOf(await send({}, { "idempotency-key": "" }), 400);
  });

  it("of a device that is not there, or that is not there itself, is 404", async () => {
    const { messageId } = (await send()).body;
    const other = await admin.gateway.addDevice(device.productKey);
    for (const path of [
      `${messages()}/1`,
      `${messages()}/none`,
      `${messages()}/-1`,
      `${messages()}/${"9".repeat(40)}`,
      `/v1/products/${other.productKey}/devices/${other.deviceName}/messages/${messageId}`,
    ])
      expect(problemOf(await admin.ask(`GET ${path}`), 404), path).toMatchObject({ code: "message_not_found" });
  });
});
