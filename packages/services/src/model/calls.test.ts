import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { describeService, type ServiceFleet } from "../../test/a-fleet.ts";
import { aModelledDevice, type ModelledDevice } from "../../test/a-modelled-device.ts";
import { createSqlCallStore } from "./calls/call-store.ts";

interface Shown {
  callId: string;
  state: string;
  code?: number;
  data?: unknown;
}

/** What waits for the device: topic and body. Waits until there is something. */
async function received(fleet: ServiceFleet, { session }: ModelledDevice, count = 1) {
  const { mailbox } = fleet.node.gateway.ports;
  for (;;) {
    const waiting = await mailbox.pending(session.device, { limit: 10, nowMs: Date.now() });
    if (waiting.length >= count)
      return waiting.map(({ topic, payload }) => ({ topic, body: JSON.parse(payload.toString()) as { id: string } }));
    await sleep(5);
  }
}

describeService("calls of devices", (open) => {
  /** The device answers, over a node. */
  const answer = (one: ModelledDevice, path: string, body: object | string, node = 0) =>
    open().nodes[node]?.send(one.session, `${one.base}/thing/service/${path}_reply`, body);
  const set = (one: ModelledDevice, items: object, more: object = {}) =>
    one.ask("POST properties", { body: { items }, ...more }) as Promise<Shown>;
  const show = (one: ModelledDevice, callId: string, node = 0) =>
    one.ask("GET calls/:callId", { params: { callId } }, node) as Promise<Shown>;

  it.each([
    ["properties to set", "POST properties", { body: { items: { Temp: 1 } } }, "property/set", { Temp: 1 }],
    ["properties to tell", "POST properties/get", { body: { identifiers: ["Temp"] } }, "property/get", ["Temp"]],
    [
      "a service",
      "POST services/:identifier",
      { params: { identifier: "reboot" }, body: { args: { delay: 5 } } },
      "reboot",
      { delay: 5 },
    ],
  ])("go out in the vendor's envelope: %s", async (_, asked, request, service, params) => {
    const one = await aModelledDevice(open());
    const call = (await one.ask(asked, request)) as Shown;
    expect(call).toMatchObject({ state: "sent", service, params, callId: expect.stringMatching(/^\d+$/) });
    expect(await received(open(), one)).toEqual([
      {
        topic: `${one.base}/thing/service/${service}`,
        body: { id: call.callId, version: "1.0", params, method: `thing.service.${service.replace("/", ".")}` },
      },
    ]);
  });

  it("are answered on whatever node, and everybody hears of it", async () => {
    const one = await aModelledDevice(open());
    const { productKey, deviceName } = one.session.device;
    const { callId } = await set(one, { Temp: 1 });
    await answer(one, "property/set", { id: callId, code: 200, data: { a: 1 }, message: "done" }, 1);
    expect(await show(one, callId)).toMatchObject({ state: "answered", code: 200, data: { a: 1 }, message: "done" });
    expect(await one.logged()).toEqual([
      {
        topic: `/${productKey}/${deviceName}/thing/downlink/reply/message`,
        body: {
          gmtCreate: expect.any(Number),
          iotId: one.session.iotId,
          productKey,
          deviceName,
          requestId: callId,
          code: 200,
          message: "done",
          topic: `${one.base}/thing/service/property/set`,
          data: { a: 1 },
        },
      },
    ]);
  });

  it.each([0, 1])("that are waited for end with the answer, which comes over node %i", async (node) => {
    const one = await aModelledDevice(open());
    const waiting = set(one, { Temp: 1 }, { query: { wait: 8_000 } });
    const [message] = await received(open(), one);
    await answer(one, "property/set", { id: Number(message?.body.id), code: 100_001, data: {} }, node);
    expect(await waiting).toMatchObject({ state: "answered", code: 100_001 });
  });

  it("that are waited for in vain are told as they are when the wait is over", async () => {
    const one = await aModelledDevice(open());
    expect(await set(one, { Temp: 1 }, { query: { wait: 20 } })).toMatchObject({ state: "sent" });
    const gone = AbortSignal.timeout(20);
    expect(await set(one, { Temp: 1 }, { query: { wait: 8_000 }, signal: gone })).toMatchObject({ state: "sent" });
  });

  it("keep the first of several answers, a late one as well", async () => {
    const one = await aModelledDevice(open());
    const { callId } = await set(one, { Temp: 1 });
    const answers = [201, 202, 203, 204].map((code, at) =>
      answer(one, "property/set", { id: callId, code, data: { code } }, at % 2),
    );
    await Promise.all(answers);
    const first = await show(one, callId);
    expect(first.data).toEqual({ code: first.code });
    await answer(one, "property/set", { id: callId, code: 500 });
    expect(await show(one, callId)).toEqual(first);
  });

  it("time out, and a late answer counts", async () => {
    const one = await aModelledDevice(open());
    const store = createSqlCallStore(open().database);
    const past = { callId: 7, service: "reboot", params: {}, createdAtMs: 1, expiresAtMs: 2, waitingNode: undefined };
    expect(await store.open(one.session.device, past)).toBe(true);
    expect(await store.open(one.session.device, past)).toBe(false);
    expect(await show(one, "7", 1)).toMatchObject({ state: "timed_out" });
    await answer(one, "reboot", { id: "7", code: 200, data: {} });
    expect(await show(one, "7", 1)).toMatchObject({ state: "answered" });
    expect(await store.drop(2, 10)).toBe(1);
    expect(await show(one, "7")).toMatchObject({ status: 404, code: "call_not_found" });
  });

  it.each([
    ["to nothing that was asked", "property/set", { id: "1", code: 200 }],
    ["to another service", "reboot", "ID"],
    ["with an id that is none", "property/set", { id: "-1", code: 200 }],
    ["with a code that is none", "property/set", { id: "1", code: "200" }],
    ["with data that is too large", "property/set", { id: "1", code: 200, data: "x".repeat(20_000) }],
    ["that is no JSON", "property/set", "{"],
    ["with a text that nothing can keep", "property/set", { id: "1", code: 200, message: "\0" }],
  ])("are not answered by an answer %s, which stays in the log as it came", async (_, service, body) => {
    const one = await aModelledDevice(open());
    const { callId } = await set(one, { Temp: 1 });
    await answer(one, service, body === "ID" ? { id: callId, code: 200 } : body);
    expect(await show(one, callId)).toMatchObject({ state: "sent" });
    const { uplinkLog } = open().node.gateway.ports;
    const read = await uplinkLog.read("answers", { consumer: "c", count: 1_000, nowMs: Date.now() });
    if (read === "filter_differs") throw new Error("one group, one filter");
    expect(read.map(({ topic }) => topic)).toContain(`${one.base}/thing/service/${service}_reply`);
  });

  it("cannot be made by a device to itself", async () => {
    const { session, base } = await aModelledDevice(open());
    await expect(open().node.send(session, `${base}/thing/service/reboot`, {})).rejects.toThrow("forbidden_topic");
  });

  it.each([
    ["an unknown property", "POST properties", { body: { items: { Nothing: 1 } } }, "items.Nothing"],
    ["a property to be read only", "POST properties", { body: { items: { Count: 1 } } }, "items.Count"],
    ["a value that is not allowed", "POST properties", { body: { items: { Temp: 999 } } }, "items.Temp"],
    ["an unknown property to tell", "POST properties/get", { body: { identifiers: ["Temp", "No"] } }, "identifiers.1"],
    ["an unknown service", "POST services/:identifier", { params: { identifier: "fly" }, body: {} }, "identifier"],
    [
      "arguments that are not allowed",
      "POST services/:identifier",
      { params: { identifier: "reboot" }, body: { args: { delay: 61 } } },
      "args",
    ],
  ])("with %s are refused, unless the product validates nothing", async (_, asked, request, field) => {
    const one = await aModelledDevice(open());
    expect(await one.ask(asked, request)).toMatchObject({ status: 400, code: "model_mismatch", field });
    const free = await aModelledDevice(open(), { validate: "off" });
    expect(await free.ask(asked, request)).toMatchObject({ state: "sent" });
  });

  it("beyond what a mailbox takes are refused, and forgotten", async () => {
    const one = await aModelledDevice(open(), { model: null });
    const items = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p${at}`, "x".repeat(16_000)]));
    expect(await set(one, items)).toMatchObject({ status: 413, code: "too_large" });
    expect(await one.ask("POST services/:identifier", { params: { identifier: "a+b" }, body: {} })).toMatchObject({
      status: 400,
      field: "identifier",
    });
  });
});
