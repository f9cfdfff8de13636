import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

describe("products", () => {
  let admin: TestAdmin;
  beforeAll(async () => {
    admin = await openAdmin();
  });
  afterAll(() => admin[Symbol.asyncDispose]());
  const ask: TestAdmin["ask"] = (route, given) => admin.ask(route, given);
  const create = async (body: object = {}) =>
    (await ask("POST /v1/products", { body: { name: "thermometer", ...body } })).body;

  it("are made with a key and a secret, which is shown this once", async () => {
    const made = await ask("POST /v1/products", { body: { name: "thermometer" } });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: "thermometer", nodeType: "device", policy: {} });
    expect(made.body["productKey"]).toEqual(expect.stringMatching(/^[A-Za-z0-9]{11}$/));
    expect(made.body["productSecret"]).toEqual(expect.stringMatching(/^[A-Za-z0-9]{16,}$/));
    const shown = await ask(`GET /v1/products/${made.body["productKey"]}`);
    const { productSecret: _, ...rest } = made.body;
    expect(shown.body).toEqual(rest);
  });

  it("keep the policy and the node type that they are made with", async () => {
    const policy = { signMethods: ["hmacsha256"], transports: ["mqtt"], timestampWindowMs: { http: 300_000 } };
    expect(await create({ nodeType: "gateway", policy })).toMatchObject({ nodeType: "gateway", policy });
  });

  it.each([
    [{}, "name"],
    [{ name: "" }, "name"],
    [{ name: "x".repeat(65) }, "name"],
    [{ name: 7 }, "name"],
    [{ name: "x", nodeType: "sensor" }, "nodeType"],
    [{ name: "x", colour: "red" }, "colour"],
    [{ name: "x", policy: { signMethods: [] } }, "policy.signMethods"],
    [{ name: "x", policy: { signMethods: ["md4"] } }, "policy.signMethods.0"],
    [{ name: "x", policy: { transport: ["mqtt"] } }, "policy.transport"],
    [{ name: "x", policy: { timestampWindowMs: { http: 1e300 } } }, "policy.timestampWindowMs.http"],
    [{ name: "a\0b" }, "name"],
    [{ name: "x", policy: { transports: ["mq\ud800"] } }, "policy.transports.0"],
    [[], "body"],
    [null, "body"],
    ["name", "body"],
  ])("are refused with %j, by the name of the field", async (body, field) => {
    const problem = problemOf(await ask("POST /v1/products", { body }), 400);
    expect(problem).toMatchObject({ code: "invalid", field });
    expect(problem["detail"]).toContain(field);
  });

  it("are listed page by page, each once", async () => {
    const made = await Promise.all([create(), create(), create()]);
    const seen: unknown[] = [];
    for (let cursor = ""; ; ) {
      const page = (await ask(`GET /v1/products?limit=2${cursor}`)).body as {
        items: { productKey: string }[];
        nextCursor?: string;
      };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ productKey }) => productKey));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made.map(({ productKey }) => productKey)));
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=many", "limit"],
    ["limit=1&limit=2", "limit"],
    ["cursor=", "cursor"],
    ["page=2", "page"],
  ])("are not listed by the query %s", async (query, field) => {
    expect(problemOf(await ask(`GET /v1/products?${query}`), 400)).toMatchObject({ code: "invalid", field });
  });

  it("are changed one field at a time", async () => {
    const { productKey } = await create({ policy: { transports: ["mqtt"] } });
    const renamed = await ask(`PATCH /v1/products/${productKey}`, { body: { name: "hygrometer" } });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toMatchObject({ name: "hygrometer", policy: { transports: ["mqtt"] } });
    const opened = await ask(`PATCH /v1/products/${productKey}`, { body: { policy: {} } });
    expect(opened.body).toMatchObject({ name: "hygrometer", policy: {} });
    expect(problemOf(await ask(`PATCH /v1/products/${productKey}`, { body: { name: "" } }), 400)).toMatchObject({
      field: "name",
    });
  });

  it("hold topic classes, which are replaced as a whole", async () => {
    const { productKey } = await create();
    const route = `/v1/products/${productKey}/topics`;
    const before = (await ask(`GET ${route}`)).body as { topics: unknown[] };
    expect(before.topics).toContainEqual({ suffix: "user/update", permission: "pub" });
    const topics = [{ suffix: "user/+/alarm", permission: "all" }];
    expect(await ask(`PUT ${route}`, { body: { topics } })).toMatchObject({ status: 200, body: { topics } });
    expect((await ask(`GET ${route}`)).body).toEqual({ topics });
  });

  it.each([
    [
      {
        topics: [
          { suffix: "user/a", permission: "pub" },
          { suffix: "a//b", permission: "pub" },
        ],
      },
      "topics.1.suffix",
    ],
    [
      {
        topics: [
          { suffix: "a", permission: "pub" },
          { suffix: "a", permission: "sub" },
        ],
      },
      "topics.1.suffix",
    ],
    [{ topics: [{ suffix: "a", permission: "write" }] }, "topics.0.permission"],
    [{ topics: [{ suffix: "thing/x", permission: "pub" }] }, "topics.0.suffix"],
    [{ topics: Array.from({ length: 51 }, (_, i) => ({ suffix: `a${i}`, permission: "pub" })) }, "topics"],
    [{}, "topics"],
  ])("take no topic classes %#", async (body, field) => {
    const { productKey } = await create();
    expect(problemOf(await ask(`PUT /v1/products/${productKey}/topics`, { body }), 400)).toMatchObject({ field });
  });

  it("are deleted when they have no devices, and not before", async () => {
    const { productKey } = await create();
    await ask(`POST /v1/products/${productKey}/devices`, { body: { deviceName: "dev1" } });
    expect(problemOf(await ask(`DELETE /v1/products/${productKey}`), 409)).toMatchObject({
      code: "product_has_devices",
    });
    await ask(`DELETE /v1/products/${productKey}/devices/dev1`);
    expect(await ask(`DELETE /v1/products/${productKey}`)).toMatchObject({ status: 204, text: "" });
    problemOf(await ask(`GET /v1/products/${productKey}`), 404);
  });

  it.each(["nosuchkey", "no-key", "%00", "x".repeat(256), "%F0%9F%92%A9"])(
    "that are not there are 404 by any name: %s",
    async (key) => {
      const code = key === "%00" ? [400, "invalid"] : [404, "product_not_found"];
      for (const [method, path, body] of [
        ["GET", ""],
        ["PATCH", "", { name: "x" }],
        ["DELETE", ""],
        ["GET", "/topics"],
        ["PUT", "/topics", { topics: [] }],
        ["GET", "/devices"],
        ["POST", "/devices", {}],
        ["POST", "/batches", { count: 1 }],
      ] as const) {
        const answer = await ask(`${method} /v1/products/${key}${path}`, body === undefined ? {} : { body });
        expect([answer.status, problemOf(answer, answer.status)["code"]], `${method} ${path}`).toEqual(code);
      }
    },
  );
});
