import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

/** Of every kind of answer: a page, a script, the API, refusals with a key and without, a route that is not there. */
const ROUTES = [
  "GET /docs",
  "GET /docs/static/swagger-ui-bundle.js",
  "GET /openapi.json",
  "GET /",
  "GET /v1/products",
  "GET /v1/products/nosuch",
  "POST /v1/products",
  "GET /nosuch",
  "DELETE /v1/audit",
];

describe("every answer", () => {
  let admin: TestAdmin;
  beforeAll(async () => {
    admin = await openAdmin({ trustedProxies: "127.0.0.1" });
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  it.each(ROUTES)("tells a browser to run and frame nothing, and has an id: %s", async (route) => {
    const { headers } = await admin.ask(route);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/script-src[^;]*(?:unsafe|https?:|\*)/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    for (const name of ["x-powered-by", "server", "strict-transport-security"]) expect(headers[name]).toBeUndefined();
  });

  it("is its asker's only: no other origin reads it, whatever it asks", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    for (const route of [...ROUTES, "OPTIONS /v1/products", "OPTIONS /v1/session"]) {
      const answer = await admin.ask(route, { headers });
      for (const name of Object.keys(answer.headers)) expect(name).not.toMatch(/^access-control-/);
    }
    problemOf(await admin.ask("OPTIONS /v1/products", { headers }), 405);
  });

  it("over TLS asks for TLS from then on, and without TLS does not", async () => {
    const over = await admin.ask("GET /v1/products", { headers: { "x-forwarded-proto": "https" } });
    expect(over.headers["strict-transport-security"]).toMatch(/^max-age=\d{8}$/);
  });

  it("is kept in no cache when it is of the API", async () => {
    const { productKey, deviceName } = await admin.gateway.addDevice();
    const device = `/v1/products/${productKey}/devices/${deviceName}`;
    for (const route of [`GET ${device}/certificate`, `POST ${device}/rotate`, "GET /v1/products", "POST /v1/api-keys"])
      expect((await admin.ask(route)).headers["cache-control"], route).toBe("no-store");
  });

  it("takes its id from nobody", async () => {
    const given = "x-request-id: mine\r\nx-evil: 1";
    const answer = await admin.ask("GET /v1/products", { headers: { "x-request-id": "mine", "request-id": given } });
    expect(answer.headers["x-request-id"]).not.toBe("mine");
  });

  it("tells nothing of the inside when something breaks", async () => {
    admin.gateway.operators.products.list = () => Promise.reject(new Error("relation products at 10.0.0.7"));
    const answer = await admin.ask("GET /v1/products");
    expect(problemOf(answer, 503)).toMatchObject({ code: "unavailable" });
    expect(answer.text).not.toMatch(/relation|10\.0\.0\.7|\.ts|\bat /);
    const [fault] = admin.gateway.recorder.faults;
    expect(String(fault?.error)).toContain(String(answer.headers["x-request-id"]));
  });
});
