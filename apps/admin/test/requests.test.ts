import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const JSON_TYPE = { "content-type": "application/json" };

describe("a request", () => {
  let admin: TestAdmin;
  beforeAll(async () => {
    admin = await openAdmin({ bodyBytes: 65_536 });
  });
  afterAll(() => admin[Symbol.asyncDispose]());
  const ask: TestAdmin["ask"] = (route, given) => admin.ask(route, given);

  it.each([
    ["", "key_missing"],
    ["Bearer", "key_missing"],
    ["Bearer ", "key_missing"],
    [`Basic ${KEY}`, "key_missing"],
    [KEY, "key_missing"],
    [`Bearer ${KEY}x`, "key_wrong"],
    [`Bearer ${KEY.slice(1)}`, "key_wrong"],
  ])("without the key is refused: %#", async (authorization, code) => {
    for (const route of ["GET /v1/products", "POST /v1/products", "GET /v1/uplink/stream", "POST /v1/backup"]) {
      const answer = await ask(route, { headers: { authorization } });
      expect(problemOf(answer, 401)).toMatchObject({ code });
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
      expect(answer.text).not.toContain(KEY);
    }
  });

  it("may spell the scheme as it likes", async () => {
    expect((await ask("GET /v1/products", { headers: { authorization: `bearer  ${KEY}` } })).status).toBe(200);
  });

  it.each([
    "GET /v1/nothing",
    "POST /v1",
    "GET /v1/products/a/b/c/d",
    "DELETE /v2/products",
    "GET /v1/products//topics",
  ])("for a route that is not there is 404: %s", async (route) => {
    expect(problemOf(await ask(route), 404)).toMatchObject({ code: expect.stringMatching(/_not_found$/) });
  });

  it("for a route that is not there is 404, whatever body it has", async () => {
    for (const given of [
      { raw: "{", headers: JSON_TYPE },
      { raw: "<a/>", headers: { "content-type": "text/xml" } },
    ])
      problemOf(await ask("POST /v1/nothing", given), 404);
  });

  it.each([
    ["PUT /v1/products", ["GET", "POST"]],
    ["POST /v1/products/a1", ["DELETE", "GET", "PATCH"]],
    ["GET /v1/products/a1/devices/dev1/kick", ["POST"]],
    ["DELETE /v1/audit", ["GET"]],
    ["GET /v1/uplink/groups/g1", ["DELETE", "PUT"]],
    ["HEAD /v1/uplink/stream", ["GET"]],
  ])("with a method that the route does not take is 405, and told which it takes: %s", async (route, methods) => {
    const answer = await ask(route);
    expect(answer.status).toBe(405);
    expect(answer.type).toBe("application/problem+json");
    expect(
      String(answer.headers["allow"])
        .split(", ")
        .filter((method) => method !== "HEAD"),
    ).toEqual(methods);
  });

  it("with a body that is too large is 413", async () => {
    const raw = JSON.stringify({ name: "x".repeat(70_000) });
    expect(problemOf(await ask("POST /v1/products", { raw }), 413)).toMatchObject({ code: "body_too_large" });
  });

  it.each(["{", "{'name':1}", "undefined", '{"name":"x"}}', "\ufeff{", '{"__proto__":{}}'])(
    "with a body that is no JSON is 400: %s",
    async (raw) => {
      expect(problemOf(await ask("POST /v1/products", { raw }), 400)).toMatchObject({ code: "invalid" });
    },
  );

  it.each([
    "text/plain",
    "application/xml",
    "text/csv",
    "application/x-www-form-urlencoded",
    "nonsense",
    "multipart/form-data",
  ])("with the content type %s is 415 where JSON is asked for", async (type) => {
    const answer = await ask("POST /v1/products", { raw: "name=x", headers: { "content-type": type } });
    expect(problemOf(answer, 415)).toMatchObject({ code: "media_type_unsupported" });
  });

  it("without the body that it needs is 400", async () => {
    const noBody = ["POST /v1/products", "PUT /v1/uplink/groups/g1", "POST /v1/uplink/groups/g1/ack"];
    for (const route of noBody) {
      expect(problemOf(await ask(route), 400)).toMatchObject({ code: "invalid", field: "body" });
      problemOf(await ask(route, { raw: "", headers: JSON_TYPE }), 400);
    }
  });

  it.each(["GET /v1/products?cursor=none", "GET /v1/audit?cursor=%2e%2e", "GET /v1/audit?cursor=99999999999999999999"])(
    "with a cursor that was not given out is 400: %s",
    async (route) => {
      expect(problemOf(await ask(route), 400)).toMatchObject({ code: "cursor_invalid", field: "cursor" });
    },
  );

  it("with a path that cannot be decoded, or is far too long, is refused in the same form", async () => {
    problemOf(await ask("GET /v1/products/%zz"), 400);
    problemOf(await ask("GET /v1/products/%ff"), 400);
    problemOf(await ask(`GET /v1/products/${"x".repeat(257)}`), 414);
  });

  it("with a NUL character anywhere is 400, and names where", async () => {
    const { productKey } = await admin.gateway.addProduct();
    const device = `/v1/products/${productKey}/devices`;
    const cases: [string, object, string][] = [
      [`GET ${device}?q=%00`, {}, "q"],
      [`GET ${device}?tag.a=%00`, {}, "tag.a"],
      [`GET ${device}?tag.%00=a`, {}, "query"],
      [`GET ${device}/a%00bcd`, {}, "deviceName"],
      ["GET /v1/audit?action=%00", {}, "action"],
      ["GET /v1/batches/%00", {}, "batchId"],
      [`GET ${device}/dev1/messages/%00`, {}, "messageId"],
      [`POST ${device}`, { body: { tags: { "a\0": "b" } } }, "tags"],
      [`POST ${device}`, { body: { nickname: "\udc00" } }, "nickname"],
      [`POST /v1/products/${productKey}/batches`, { body: { deviceNames: ["dev1", "d\0v2"] } }, "deviceNames.1"],
      [
        `POST /v1/products/${productKey}/batches`,
        { raw: "dev1\nd\0v2", headers: { "content-type": "text/csv" } },
        "body",
      ],
      ["POST /v1/uplink/groups/g1/read", { body: { consumer: "\0" } }, "consumer"],
      ["POST /v1/uplink/groups/g1/ack", { body: { ids: ["\0"] } }, "ids.0"],
    ];
    for (const [route, given, field] of cases)
      expect(problemOf(await ask(route, given), 400), route).toMatchObject({ code: "invalid", field });
  });

  it("that is nested very deeply is refused, and stops nobody", async () => {
    const depth = 30_000;
    problemOf(await ask("POST /v1/products", { raw: `${"[".repeat(depth)}${"]".repeat(depth)}` }), 400);
    const raw = `{"name":"x","policy":${'{"a":'.repeat(10_000)}"\\u0000"${"}".repeat(10_000)}}`;
    expect(String(problemOf(await ask("POST /v1/products", { raw }), 400)["field"])).toMatch(/^policy\.a\.a/);
  });

  it("that is no HTTP at all is answered in the same form", async () => {
    const { port } = new URL(await admin.app.listen({ port: 0, host: "127.0.0.1" }));
    const socket = connect({ port: Number(port), host: "127.0.0.1" });
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
    socket.write("GET / NONSENSE\r\n\r\n");
    await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
    expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ status: 400, code: "request_broken" });
  });
});

describe("while a store is down", () => {
  it("every route says unavailable and when to come back, and works again by itself", async () => {
    await using admin = await openAdmin();
    const { ask, gateway } = admin;
    const { productKey, deviceName } = await gateway.addDevice();
    const device = `/v1/products/${productKey}/devices/${deviceName}`;
    const routes: [string, object?][] = [
      ["POST /v1/products", { name: "x" }],
      ["GET /v1/products"],
      [`GET /v1/products/${productKey}`],
      [`PATCH /v1/products/${productKey}`, { name: "y" }],
      [`GET /v1/products/${productKey}/topics`],
      [`PUT /v1/products/${productKey}/topics`, { topics: [] }],
      [`POST /v1/products/${productKey}/devices`, {}],
      [`GET /v1/products/${productKey}/devices`],
      [`GET ${device}`],
      [`PATCH ${device}`, { nickname: "x" }],
      [`GET ${device}/certificate`],
      [`POST ${device}/disable`],
      [`POST ${device}/enable`],
      [`POST ${device}/kick`],
      [`POST /v1/products/${productKey}/batches`, { count: 1 }],
      ["GET /v1/batches/none"],
      [`POST ${device}/messages`, { topic: `/${productKey}/${deviceName}/user/get`, payload: "x" }],
      [`GET ${device}/messages/1`],
      ["GET /v1/uplink/groups"],
      ["PUT /v1/uplink/groups/g1", {}],
      ["DELETE /v1/uplink/groups/g1"],
      ["POST /v1/uplink/groups/g1/read", { consumer: "c1" }],
      ["POST /v1/uplink/groups/g1/ack", { ids: ["1-1"] }],
      ["GET /v1/audit"],
    ];
    gateway.faults.down = true;
    for (const [route, body] of routes) {
      const answer = await ask(route, body === undefined ? {} : { body });
      expect(problemOf(answer, 503), route).toMatchObject({ code: "unavailable" });
      expect(answer.headers["retry-after"], route).toBe("1");
      expect(answer.text).not.toContain("the store is down");
    }
    expect(gateway.recorder.faults.filter(({ where }) => where === "admin")).toHaveLength(routes.length);
    gateway.faults.down = false;
    for (const [route, body] of routes)
      expect((await ask(route, body === undefined ? {} : { body })).status, route).toBeLessThan(500);
  });
});
