import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

describe("devices", () => {
  let admin: TestAdmin;
  let devices: string;
  let productKey: string;
  beforeAll(async () => {
    admin = await openAdmin();
  });
  beforeEach(async () => {
    ({ productKey } = await admin.gateway.addProduct());
    devices = `/v1/products/${productKey}/devices`;
  });
  afterAll(() => admin[Symbol.asyncDispose]());
  const ask: TestAdmin["ask"] = (route, given) => admin.ask(route, given);
  const add = (body: object = {}) => ask(`POST ${devices}`, { body });
  const names = async (query: string) =>
    ((await ask(`GET ${devices}?${query}`)).body as { items: { deviceName: string }[] }).items.map(
      (item) => item.deviceName,
    );

  it("are added under a name, and answered with their certificate", async () => {
    const added = await add({ deviceName: "dev-1_@.:", nickname: "hall", tags: { floor: "2" } });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      productKey,
      deviceName: "dev-1_@.:",
      nickname: "hall",
      tags: { floor: "2" },
      status: "UNACTIVE",
      activatedAt: null,
      lastOnlineAt: null,
    });
    expect(added.body["iotId"]).toEqual(expect.any(String));
    expect(added.body["deviceSecret"]).toEqual(expect.stringMatching(/^[A-Za-z0-9]{32}$/));
    expect(new Date(String(added.body["createdAt"])).toISOString()).toBe(added.body["createdAt"]);
  });

  it("get a drawn name when none is given", async () => {
    const [one, two] = await Promise.all([add(), add()]);
    expect(one.body["deviceName"]).toEqual(expect.stringMatching(/^[A-Za-z0-9]{4,32}$/));
    expect(one.body["deviceName"]).not.toBe(two.body["deviceName"]);
  });

  it.each([
    [{ deviceName: "abc" }, "deviceName"],
    [{ deviceName: "x".repeat(33) }, "deviceName"],
    [{ deviceName: "höhe1" }, "deviceName"],
    [{ deviceName: "a/b/c" }, "deviceName"],
    [{ deviceName: null }, "deviceName"],
    [{ nickname: "" }, "nickname"],
    [{ nickname: "x".repeat(65) }, "nickname"],
    [{ tags: { a: 1 } }, "tags.a"],
    [{ tags: { a: "x".repeat(257) } }, "tags.a"],
    [{ tags: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`t${i}`, ""])) }, "tags"],
    [{ tags: [] }, "tags"],
    [{ name: "dev1" }, "name"],
  ])("are refused with %j, by the name of the field", async (body, field) => {
    expect(problemOf(await add(body), 400)).toMatchObject({ code: "invalid", field });
  });

  it("have names that are taken once", async () => {
    await add({ deviceName: "dev1" });
    expect(problemOf(await add({ deviceName: "dev1" }), 409)).toMatchObject({
      code: "name_taken",
      field: "deviceName",
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => add({ deviceName: "dev2" })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it("are listed by name, filtered by prefix, tags and status", async () => {
    for (const [deviceName, floor] of [
      ["aa01", "1"],
      ["aa02", "2"],
      ["ab01", "2"],
    ])
      await add({ deviceName, tags: { floor, "a.b": "c" } });
    await ask(`POST ${devices}/ab01/disable`);
    expect(await names("")).toEqual(["aa01", "aa02", "ab01"]);
    expect(await names("q=aa")).toEqual(["aa01", "aa02"]);
    expect(await names("q=AA")).toEqual([]);
    expect(await names("tag.floor=2")).toEqual(["aa02", "ab01"]);
    expect(await names("tag.floor=2&tag.a.b=c&q=ab")).toEqual(["ab01"]);
    expect(await names("status=DISABLE")).toEqual(["ab01"]);
    expect(await names("status=UNACTIVE")).toEqual(["aa01", "aa02"]);
    const { items, nextCursor } = (await ask(`GET ${devices}?limit=2`)).body as {
      items: unknown[];
      nextCursor: string;
    };
    expect(items).toHaveLength(2);
    expect(await names(`cursor=${encodeURIComponent(nextCursor)}`)).toEqual(["ab01"]);
  });

  it.each([
    ["status=online", "status"],
    ["q=", undefined],
    [`q=${"x".repeat(33)}`, "q"],
    ["limit=1.5", "limit"],
    ["state=ONLINE", "state"],
    ["tag.=x", "tag."],
    ["tag.a=1&tag.a=2", "tag.a"],
    ["toString=1", "toString"],
  ])("are listed by known filters only: %s", async (query, field) => {
    const answer = await ask(`GET ${devices}?${query}`);
    if (field === undefined) expect(answer.status).toBe(200);
    else expect(problemOf(answer, 400)).toMatchObject({ code: "invalid", field });
  });

  it("with a cursor of no list are 400", async () => {
    expect(problemOf(await ask(`GET ${devices}?cursor=x`), 400)).toMatchObject({
      code: "cursor_invalid",
      field: "cursor",
    });
  });

  it("are changed one field at a time, and a nickname is taken away by null", async () => {
    await add({ deviceName: "dev1", nickname: "hall", tags: { floor: "1" } });
    const change = (body: object) => ask(`PATCH ${devices}/dev1`, { body });
    expect((await change({ tags: { floor: "2" } })).body).toMatchObject({ nickname: "hall", tags: { floor: "2" } });
    expect((await change({ nickname: null })).body).toMatchObject({ nickname: null, tags: { floor: "2" } });
    expect((await change({})).body).toMatchObject({ nickname: null, tags: { floor: "2" } });
    expect(problemOf(await change({ deviceName: "dev2" }), 400)).toMatchObject({ field: "deviceName" });
    expect(problemOf(await change({ nickname: "" }), 400)).toMatchObject({ field: "nickname" });
  });

  it("are disabled, enabled and kicked, and the answer tells what that did", async () => {
    await add({ deviceName: "dev1" });
    const status = async () => (await ask(`GET ${devices}/dev1`)).body["status"];
    for (const [act, after] of [
      ["disable", "DISABLE"],
      ["disable", "DISABLE"],
      ["enable", "UNACTIVE"],
      ["kick", "UNACTIVE"],
    ]) {
      const done = await ask(`POST ${devices}/dev1/${act}`);
      expect(done).toMatchObject({ status: 200, body: { closedSessions: 0, nodes: 1, elapsedMs: expect.any(Number) } });
      expect(await status()).toBe(after);
    }
  });

  it("are deleted for good, with what waited for them", async () => {
    await add({ deviceName: "dev1" });
    const topic = `/${productKey}/dev1/user/get`;
    const sent = await ask(`POST ${devices}/dev1/messages`, { body: { topic, payload: "x" } });
    expect(await ask(`DELETE ${devices}/dev1`)).toMatchObject({ status: 200, body: { nodes: 1 } });
    problemOf(await ask(`GET ${devices}/dev1`), 404);
    expect((await add({ deviceName: "dev1" })).status).toBe(201);
    problemOf(await ask(`GET ${devices}/dev1/messages/${sent.body["messageId"]}`), 404);
  });

  it.each(["dev404", "abc", "d%2Fv1", "x".repeat(200)])("that are not there are 404 by any name: %s", async (name) => {
    const routes: [string, object?][] = [
      [`GET ${devices}/${name}`],
      [`PATCH ${devices}/${name}`, {}],
      [`DELETE ${devices}/${name}`],
      [`GET ${devices}/${name}/certificate`],
      [`POST ${devices}/${name}/disable`],
      [`POST ${devices}/${name}/enable`],
      [`POST ${devices}/${name}/kick`],
      [`POST ${devices}/${name}/rotate`],
      [`GET ${devices}/${name}/timeline`],
      [`POST ${devices}/${name}/messages`, { topic: "/a/b/c", payload: "" }],
    ];
    for (const [route, body] of routes)
      expect(problemOf(await ask(route, body === undefined ? {} : { body }), 404), route).toMatchObject({
        code: "device_not_found",
      });
  });
});

describe("a certificate", () => {
  it("is in the audit log before it is sent: without the log there is no secret", async () => {
    await using admin = await openAdmin();
    const { productKey, deviceName, deviceSecret } = await admin.gateway.addDevice();
    const route = `GET /v1/products/${productKey}/devices/${deviceName}/certificate`;
    const { audit } = admin.gateway.ports;
    const record = audit.record;
    audit.record = () => Promise.reject(new Error("no room"));
    const refused = await admin.ask(route);
    problemOf(refused, 503);
    expect(refused.text).not.toContain(deviceSecret.reveal());
    audit.record = record;
    const read = await admin.ask(route);
    expect(read.body).toEqual({ productKey, deviceName, deviceSecret: deviceSecret.reveal() });
    expect(read.headers["cache-control"]).toBe("no-store");
    const log = (await admin.ask("GET /v1/audit?action=certificate.read")).body as { items: object[] };
    expect(log.items).toEqual([
      expect.objectContaining({ target: `${productKey}/${deviceName}`, actor: "admin", address: "127.0.0.1" }),
    ]);
  });

  it("gives its secret away in no other answer, and in no log", async () => {
    await using admin = await openAdmin();
    const { productKey, deviceName, deviceSecret } = await admin.gateway.addDevice();
    const device = `/v1/products/${productKey}/devices/${deviceName}`;
    await admin.ask(`GET ${device}/certificate`);
    const topic = `/${productKey}/${deviceName}/user/get`;
    const routes: [string, object?][] = [
      [`GET ${device}`],
      [`PATCH ${device}`, { nickname: "x" }],
      [`GET /v1/products/${productKey}/devices`],
      [`GET /v1/products/${productKey}`],
      ["GET /v1/products"],
      [`POST ${device}/kick`],
      [`POST ${device}/disable`],
      [`POST ${device}/enable`],
      [`POST ${device}/messages`, { topic, payload: "x" }],
      ["POST /v1/uplink/groups/g1/read", { consumer: "c1" }],
      ["GET /v1/audit"],
      [`DELETE ${device}`],
    ];
    for (const [route, body] of routes) {
      const answer = await admin.ask(route, body === undefined ? {} : { body });
      expect(answer.status, route).toBeLessThan(300);
      expect(answer.text, route).not.toContain(deviceSecret.reveal());
      expect(JSON.stringify(answer.headers)).not.toContain(deviceSecret.reveal());
    }
  });
});

describe("the audit log", () => {
  it("tells who did what, newest first, filtered and page by page", async () => {
    await using admin = await openAdmin();
    const { productKey } = (await admin.ask("POST /v1/products", { body: { name: "x" } })).body;
    const devices = `/v1/products/${productKey}/devices`;
    await admin.ask(`POST ${devices}`, { body: { deviceName: "dev1" } });
    await admin.ask(`PATCH ${devices}/dev1`, { body: { nickname: "hall" } });
    await admin.ask(`POST ${devices}/dev1/disable`);
    await admin.ask(`POST ${devices}/dev1/enable`);
    await admin.ask(`POST ${devices}/dev1/kick`);
    await admin.ask(`GET ${devices}/dev1/certificate`);
    await admin.ask(`DELETE ${devices}/dev1`);
    await admin.ask(`PUT /v1/products/${productKey}/topics`, { body: { topics: [] } });
    await admin.ask(`DELETE /v1/products/${productKey}`);
    const actions: unknown[] = [];
    for (let cursor = ""; ; ) {
      const { items, nextCursor } = (await admin.ask(`GET /v1/audit?limit=3${cursor}`)).body as {
        items: { action: string; at: string }[];
        nextCursor?: string;
      };
      actions.push(...items.map(({ action }) => action));
      for (const { at } of items) expect(new Date(at).toISOString()).toBe(at);
      if (nextCursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
    }
    expect(actions).toEqual([
      "product.delete",
      "product.topics",
      "device.delete",
      "certificate.read",
      "device.kick",
      "device.enable",
      "device.disable",
      "device.update",
      "device.add",
      "product.create",
    ]);
    const ofDevice = await admin.ask(`GET /v1/audit?target=${productKey}/dev1&action=device.update`);
    expect(ofDevice.body).toMatchObject({ items: [{ detail: { nickname: "hall" } }] });
    expect(problemOf(await admin.ask("GET /v1/audit?actor=x"), 400)).toMatchObject({ field: "actor" });
  });
});
