import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

/** The routes of the public interface, which nothing may rename. */
const ROUTES = [
  "POST /v1/products",
  "GET /v1/products",
  "GET /v1/products/{productKey}",
  "PATCH /v1/products/{productKey}",
  "DELETE /v1/products/{productKey}",
  "GET /v1/products/{productKey}/topics",
  "PUT /v1/products/{productKey}/topics",
  "POST /v1/products/{productKey}/devices",
  "GET /v1/products/{productKey}/devices",
  "GET /v1/products/{productKey}/devices/{deviceName}",
  "PATCH /v1/products/{productKey}/devices/{deviceName}",
  "DELETE /v1/products/{productKey}/devices/{deviceName}",
  "GET /v1/products/{productKey}/devices/{deviceName}/certificate",
  "POST /v1/products/{productKey}/devices/{deviceName}/disable",
  "POST /v1/products/{productKey}/devices/{deviceName}/enable",
  "POST /v1/products/{productKey}/devices/{deviceName}/kick",
  "POST /v1/products/{productKey}/devices/{deviceName}/rotate",
  "GET /v1/products/{productKey}/devices/{deviceName}/timeline",
  "POST /v1/products/{productKey}/devices/{deviceName}/messages",
  "GET /v1/products/{productKey}/devices/{deviceName}/messages/{messageId}",
  "POST /v1/products/{productKey}/batches",
  "GET /v1/batches/{batchId}",
  "GET /v1/batches/{batchId}/certificates.csv",
  "GET /v1/uplink/groups",
  "PUT /v1/uplink/groups/{group}",
  "DELETE /v1/uplink/groups/{group}",
  "POST /v1/uplink/groups/{group}/read",
  "POST /v1/uplink/groups/{group}/ack",
  "GET /v1/uplink/stream",
  "POST /v1/auth/explain",
  "GET /v1/attempts",
  "GET /v1/audit",
];

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { name: string; in: string }[];
  readonly requestBody?: { content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, unknown>> }>>;
}

describe("the OpenAPI document", () => {
  let admin: TestAdmin;
  let document: { openapi: string; paths: Record<string, Record<string, Operation>>; security: object[] };
  beforeAll(async () => {
    admin = await openAdmin({ withServices: true });
    document = (await admin.ask("GET /openapi.json", { headers: { authorization: "" } })).body as typeof document;
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
    );

  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("has every route of the public interface, and names what each does", () => {
    const routes = operations();
    expect(routes.map(({ route }) => route)).toEqual(expect.arrayContaining(ROUTES));
    for (const { route, operation } of routes) expect(operation.summary, route).toEqual(expect.any(String));
  });

  it("lists every route of the API, and no other", () => {
    const routes = operations().map(({ route }) => route);
    const there = admin.app.guardedRoutes
      .filter(({ method, url }) => method !== "HEAD" && url.startsWith("/v1/"))
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(routes.toSorted()).toEqual(there.toSorted());
  });

  it("says of every route which role it needs, but of the one that signs in", () => {
    const silent = operations().filter(({ operation }) => !/Needs the role \w+\./.test(operation.description ?? ""));
    expect(silent.map(({ route }) => route)).toEqual(["POST /v1/session"]);
  });

  it("says that every error is problem details", () => {
    for (const { route, operation } of operations()) {
      expect(operation.responses["default"]?.content, route).toHaveProperty(["application/problem+json"]);
      for (const [status, { content = {} }] of Object.entries(operation.responses))
        if (Number(status) >= 400)
          expect(Object.keys(content), `${route} ${status}`).toEqual(["application/problem+json"]);
    }
  });

  it("says which bodies are no JSON", () => {
    const { paths } = document;
    const batch = paths["/v1/products/{productKey}/batches"]?.["post"];
    expect(Object.keys(batch?.requestBody?.content ?? {})).toEqual(["application/json", "text/csv"]);
    const answers = (path: string, method: string) =>
      Object.keys(paths[path]?.[method]?.responses["200"]?.content ?? {});
    expect(answers("/v1/batches/{batchId}/certificates.csv", "get")).toEqual(["text/csv"]);
    expect(answers("/v1/uplink/stream", "get")).toEqual(["text/event-stream"]);
    expect(answers("/v1/backup", "post")).toEqual(["application/gzip"]);
  });

  it("asks for the key, but is read without it, as its browser is", async () => {
    expect(document.security).toEqual([{ key: [] }, { session: [] }]);
    const docs = await admin.ask("GET /docs", { headers: { authorization: "" } });
    expect(docs).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/html/) });
    expect(docs.text).toContain("swagger-ui");
    const root = await admin.ask("GET /", { headers: { authorization: "" } });
    expect(root).toMatchObject({ status: 302, headers: { location: "/docs" } });
  });

  it.each(["POST /v1/auth/explain", "GET /v1/attempts"])(
    "holds what later versions do already, and says so when it is asked: %s",
    async (route) => {
      expect(problemOf(await admin.ask(route), 501)).toMatchObject({ code: "not_in_this_version" });
    },
  );
});
