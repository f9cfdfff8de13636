import { once } from "node:events";
import { get, type IncomingMessage, request } from "node:http";
import type { DeviceRef } from "@trine/core/certificate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEY, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

interface Item {
  readonly id: string;
  readonly deviceName: string;
  readonly payload: string;
  readonly receivedAt: string;
}

describe("uplink groups", () => {
  let admin: TestAdmin;
  beforeEach(async () => {
    admin = await openAdmin();
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  let count = 0;
  const append = (device: DeviceRef, text: string) => {
    const topic = `/${device.productKey}/${device.deviceName}/user/update`;
    const { productKey, deviceName } = device;
    count += 1;
    const about = { messageId: String(count), qos: 1, transport: "mqtt", receivedAtMs: Date.now() } as const;
    return admin.gateway.ports.uplinkLog.append({
      ...about,
      productKey,
      deviceName,
      topic,
      payload: Buffer.from(text),
    });
  };
  const read = (group: string, body: object) => admin.ask(`POST /v1/uplink/groups/${group}/read`, { body });
  const items = async (group: string, body: object = { consumer: "c1" }) =>
    (await read(group, body)).body["items"] as Item[];
  /** Texts of `/user/` messages. */
  const texts = (read: readonly Item[]) =>
    read.map(({ payload }) => Buffer.from(payload, "base64").toString()).filter((text) => !text.startsWith("{"));
  const ack = async (group: string, ids: readonly string[]) =>
    admin.ask(`POST /v1/uplink/groups/${group}/ack`, { body: { ids } });
  const groups = async () => (await admin.ask("GET /v1/uplink/groups")).body["items"] as Record<string, unknown>[];

  it("are made by their first read, from the earliest, and hand messages out as they came", async () => {
    const device = await admin.gateway.addDevice();
    await append(device, "one");
    const answer = await read("g1", { consumer: "c1" });
    expect(answer.status).toBe(200);
    expect((answer.body["items"] as object[]).at(-1)).toEqual({
      id: expect.any(String),
      messageId: String(count),
      productKey: device.productKey,
      deviceName: device.deviceName,
      topic: `/${device.productKey}/${device.deviceName}/user/update`,
      payload: Buffer.from("one").toString("base64"),
      qos: 1,
      transport: "mqtt",
      receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await groups()).toMatchObject([
      { group: "g1", from: "earliest", ackDeadlineMs: 30_000, consumers: ["c1"], productKey: null },
    ]);
  });

  it("forget what is acknowledged, once, and count what is not", async () => {
    const device = await admin.gateway.addDevice();
    await append(device, "one");
    await append(device, "two");
    const got = await items("g1");
    expect(await groups()).toMatchObject([{ lag: got.length, oldestUnreadAt: got[0]?.receivedAt }]);
    const ids = got.map(({ id }) => id);
    expect((await ack("g1", ids)).body).toEqual({ acknowledged: ids.length });
    expect((await ack("g1", [...ids, "nonsense", "1-999"])).body).toEqual({ acknowledged: 0 });
    expect(await groups()).toMatchObject([{ lag: 0, oldestUnreadAt: null }]);
    expect(await items("g1")).toEqual([]);
  });

  it("give what was not acknowledged in time to another consumer", async () => {
    const device = await admin.gateway.addDevice();
    await admin.ask("PUT /v1/uplink/groups/g1", { body: { ackDeadlineMs: 100 } });
    await append(device, "one");
    expect(texts(await items("g1"))).toEqual(["one"]);
    expect(texts(await items("g1", { consumer: "c2" }))).toEqual([]);
    expect(texts(await items("g1", { consumer: "c2", waitMs: 10_000 }))).toEqual(["one"]);
  });

  it("share devices out among consumers, and keep each device's order", async () => {
    const devices = await Promise.all(Array.from({ length: 8 }, () => admin.gateway.addDevice()));
    for (const text of ["one", "two", "three"]) for (const device of devices) await append(device, text);
    const seen = new Map<string, string[]>();
    const consumers = ["c1", "c2", "c3"];
    for (let turn = 0, idle = 0; idle < consumers.length; turn += 1) {
      const got = await items("g1", { consumer: consumers[turn % consumers.length], count: 5 });
      idle = got.length === 0 ? idle + 1 : 0;
      for (const item of got) seen.set(item.deviceName, [...(seen.get(item.deviceName) ?? []), ...texts([item])]);
      if (got.length > 0)
        await ack(
          "g1",
          got.map(({ id }) => id),
        );
    }
    expect([...seen.values()]).toEqual(devices.map(() => ["one", "two", "three"]));
  });

  it("are bound to one product by their first read, or to all", async () => {
    const [one, two] = [await admin.gateway.addDevice(), await admin.gateway.addDevice()];
    await append(one, "one");
    await append(two, "two");
    expect(texts(await items("g1", { consumer: "c1", productKey: two.productKey }))).toEqual(["two"]);
    expect(await groups()).toMatchObject([{ group: "g1", productKey: two.productKey }]);
    for (const other of [{}, { productKey: one.productKey }])
      expect(problemOf(await read("g1", { consumer: "c1", ...other }), 409)).toMatchObject({
        code: "group_filter_differs",
        field: "productKey",
      });
    await items("g2");
    problemOf(await read("g2", { consumer: "c1", productKey: one.productKey }), 409);
  });

  it("may start at the latest, keep their start, change their deadline, and be deleted", async () => {
    const device = await admin.gateway.addDevice();
    await append(device, "before");
    const made = await admin.ask("PUT /v1/uplink/groups/g1", { body: { from: "latest", ackDeadlineMs: 5_000 } });
    expect(made).toMatchObject({
      status: 200,
      body: { group: "g1", from: "latest", ackDeadlineMs: 5_000, lag: 0, consumers: [] },
    });
    await append(device, "after");
    const changed = await admin.ask("PUT /v1/uplink/groups/g1", { body: { ackDeadlineMs: 6_000 } });
    expect(changed.body).toMatchObject({ from: "latest", ackDeadlineMs: 6_000, lag: 1 });
    expect(texts(await items("g1"))).toEqual(["after"]);
    expect(await admin.ask("DELETE /v1/uplink/groups/g1")).toMatchObject({ status: 204, text: "" });
    expect(problemOf(await admin.ask("DELETE /v1/uplink/groups/g1"), 404)).toMatchObject({ code: "group_not_found" });
    expect(await groups()).toEqual([]);
  });

  it.each([
    ["PUT /v1/uplink/groups/a%20b", {}, "group"],
    ["PUT /v1/uplink/groups/g1", { from: "now" }, "from"],
    ["PUT /v1/uplink/groups/g1", { ackDeadlineMs: 99 }, "ackDeadlineMs"],
    ["PUT /v1/uplink/groups/g1", { ackDeadlineMs: 1e300 }, "ackDeadlineMs"],
    ["PUT /v1/uplink/groups/g1", { deadline: 1 }, "deadline"],
    [`POST /v1/uplink/groups/${"x".repeat(65)}/read`, { consumer: "c1" }, "group"],
    ["POST /v1/uplink/groups/g1/read", {}, "consumer"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "" }, "consumer"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "c1", count: 0 }, "count"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "c1", count: 1_001 }, "count"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "c1", waitMs: 60_001 }, "waitMs"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "c1", productKey: "no-key" }, "productKey"],
    ["POST /v1/uplink/groups/g1/read", { consumer: "c1", productKey: "" }, "productKey"],
    ["POST /v1/uplink/groups/g1/ack", { ids: [] }, "ids"],
    ["POST /v1/uplink/groups/g1/ack", { ids: [1] }, "ids.0"],
    ["POST /v1/uplink/groups/g1/ack", { ids: "1-1" }, "ids"],
  ])("are not asked by %s with %j", async (route, body, field) => {
    expect(problemOf(await admin.ask(route, { body }), 400)).toMatchObject({ code: "invalid", field });
    expect(await groups()).toEqual([]);
  });

  it("answer a waiting read as soon as something comes", async () => {
    const device = await admin.gateway.addDevice();
    await ack(
      "g1",
      (await items("g1")).map(({ id }) => id),
    );
    const began = performance.now();
    const waiting = items("g1", { consumer: "c1", waitMs: 30_000 });
    await append(device, "one");
    expect(texts(await waiting)).toEqual(["one"]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it("answer a waiting read with nothing when its time is over", async () => {
    expect(await items("g1", { consumer: "c1", waitMs: 50 })).toEqual([]);
  });

  it("hand nothing out to a client that left while it waited", async () => {
    const device = await admin.gateway.addDevice();
    await ack(
      "g1",
      (await items("g1", { consumer: "gone" })).map(({ id }) => id),
    );
    const { uplinkLog } = admin.gateway.ports;
    const waitForNew = uplinkLog.waitForNew;
    const waits: Promise<void>[] = [];
    const begun = new Promise<AbortSignal>((resolve) => {
      uplinkLog.waitForNew = (timeoutMs, signal) => {
        const wait = waitForNew(timeoutMs, signal);
        waits.push(wait);
        resolve(signal);
        return wait;
      };
    });
    const url = new URL("/v1/uplink/groups/g1/read", await admin.app.listen({ port: 0, host: "127.0.0.1" }));
    const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
    const asked = request(url, { method: "POST", headers }).once("error", () => undefined);
    asked.end(JSON.stringify({ consumer: "gone", waitMs: 60_000 }));
    const signal = await begun;
    const left = once(signal, "abort");
    asked.destroy();
    await left;
    await Promise.all(waits);
    await append(device, "one");
    expect(texts(await items("g1", { consumer: "gone" }))).toEqual(["one"]);
  });

  it("have a stream beside them that shows messages as they come, and ends with its client", async () => {
    const device = await admin.gateway.addDevice();
    const stream = await open(admin, "/v1/uplink/stream");
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    const seen = eventOf(stream);
    await append(device, "one");
    const event = await seen;
    expect(event).toMatch(/^id: .+\nevent: message\ndata: {/m);
    const { payload } = JSON.parse(event.split("data: ")[1] ?? "") as Item;
    expect(Buffer.from(payload, "base64").toString()).toBe("one");
    stream.destroy();
  });

  it("have a stream that a fault ends, which is recorded", async () => {
    admin.gateway.ports.uplinkLog.follow = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("the store is down")) }),
    });
    const stream = await open(admin, "/v1/uplink/stream");
    stream.resume();
    await once(stream, "end");
    expect(admin.gateway.recorder.faults).toMatchObject([{ where: "uplink_stream" }]);
  });
});

async function open(admin: TestAdmin, path: string): Promise<IncomingMessage> {
  const url = new URL(path, await admin.app.listen({ port: 0, host: "127.0.0.1" }));
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization: `Bearer ${KEY}` } }, resolve).once("error", reject);
  });
}

function eventOf(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (bytes) => {
      text += String(bytes);
      const event = text.split("\n\n").find((each) => each.startsWith("id: "));
      if (event && text.endsWith("\n\n")) resolve(event);
    });
  });
}
