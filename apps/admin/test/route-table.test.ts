import type { Grant, Role } from "@trine/core/access";
import { isProblem } from "@trine/core/registry";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demandAccess } from "../src/access/demand-access.ts";
import type { RouteAccess } from "../src/access/route-access.ts";
import { KEY, openAdmin, type TestAdmin } from "./an-admin.ts";

type Row = readonly [route: string, role: Role | "public", scope?: RouteAccess["scope"]];

const PRODUCT = "/v1/products/:productKey";
const DEVICE = `${PRODUCT}/devices/:deviceName`;

/** Who may use which route. A new route needs a row here: that is when somebody thinks about it. */
const TABLE: readonly Row[] = [
  ["GET /", "public"],
  ["POST /", "public"],
  ["GET /openapi.json", "public"],
  ["POST /v1/session", "public"],
  ["GET /v1/session", "viewer", "listed"],
  ["DELETE /v1/session", "viewer", "listed"],

  ["POST /v1/products", "operator", "fleet"],
  ["GET /v1/products", "viewer", "listed"],
  [`GET ${PRODUCT}`, "viewer", "product"],
  [`PATCH ${PRODUCT}`, "operator", "product"],
  [`DELETE ${PRODUCT}`, "operator", "product"],
  [`GET ${PRODUCT}/topics`, "viewer", "product"],
  [`PUT ${PRODUCT}/topics`, "operator", "product"],

  [`PUT ${PRODUCT}/registration/names`, "operator", "product"],
  [`GET ${PRODUCT}/registration/names`, "viewer", "product"],
  [`DELETE ${PRODUCT}/registration/names`, "operator", "product"],

  [`POST ${PRODUCT}/devices`, "operator", "product"],
  [`GET ${PRODUCT}/devices`, "viewer", "product"],
  [`GET ${DEVICE}`, "viewer", "product"],
  [`PATCH ${DEVICE}`, "operator", "product"],
  [`DELETE ${DEVICE}`, "operator", "product"],
  [`GET ${DEVICE}/certificate`, "admin", "product"],
  [`POST ${DEVICE}/disable`, "operator", "product"],
  [`POST ${DEVICE}/enable`, "operator", "product"],
  [`POST ${DEVICE}/kick`, "operator", "product"],
  [`POST ${DEVICE}/rotate`, "admin", "product"],
  [`GET ${DEVICE}/timeline`, "viewer", "product"],
  [`POST ${DEVICE}/messages`, "operator", "product"],
  [`GET ${DEVICE}/messages/:messageId`, "viewer", "product"],

  [`POST ${DEVICE}/rrpc`, "operator", "product"],

  [`POST ${PRODUCT}/broadcast`, "operator", "product"],
  [`GET ${PRODUCT}/config`, "viewer", "product"],
  [`PUT ${PRODUCT}/config`, "operator", "product"],
  [`DELETE ${PRODUCT}/config`, "operator", "product"],
  [`GET ${PRODUCT}/config/versions/:version`, "viewer", "product"],
  [`POST ${PRODUCT}/config/push`, "operator", "product"],
  [`GET ${PRODUCT}/config/push`, "viewer", "product"],
  [`GET ${DEVICE}/diagnosis`, "viewer", "product"],
  [`GET ${DEVICE}/found`, "viewer", "product"],
  [`GET ${DEVICE}/files`, "viewer", "product"],
  [`GET ${DEVICE}/files/:fileName`, "viewer", "product"],
  [`DELETE ${DEVICE}/files/:fileName`, "operator", "product"],
  [`GET ${DEVICE}/logs`, "viewer", "product"],
  [`DELETE ${DEVICE}/logs`, "operator", "product"],
  [`GET ${DEVICE}/logs/switch`, "viewer", "product"],
  [`PUT ${DEVICE}/logs/switch`, "operator", "product"],

  ["GET /v1/services", "viewer", "listed"],
  [`GET ${DEVICE}/firmware`, "viewer", "product"],
  [`POST ${PRODUCT}/firmware`, "operator", "product"],
  [`GET ${PRODUCT}/firmware`, "viewer", "product"],
  [`GET ${PRODUCT}/firmware/:firmwareId`, "viewer", "product"],
  [`DELETE ${PRODUCT}/firmware/:firmwareId`, "operator", "product"],
  ["POST /v1/ota-jobs", "operator", "listed"],
  ["GET /v1/ota-jobs", "viewer", "listed"],
  ["GET /v1/ota-jobs/:jobId", "viewer", "listed"],
  ["GET /v1/ota-jobs/:jobId/devices", "viewer", "listed"],
  ["POST /v1/ota-jobs/:jobId/pause", "operator", "listed"],
  ["POST /v1/ota-jobs/:jobId/resume", "operator", "listed"],
  ["POST /v1/ota-jobs/:jobId/cancel", "operator", "listed"],

  [`GET ${PRODUCT}/model`, "viewer", "product"],
  [`PUT ${PRODUCT}/model`, "operator", "product"],
  [`DELETE ${PRODUCT}/model`, "operator", "product"],
  [`GET ${PRODUCT}/model/options`, "viewer", "product"],
  [`PATCH ${PRODUCT}/model/options`, "operator", "product"],
  [`GET ${DEVICE}/properties`, "viewer", "product"],
  [`GET ${DEVICE}/properties/:identifier/history`, "viewer", "product"],
  [`GET ${DEVICE}/events`, "viewer", "product"],
  [`POST ${DEVICE}/properties`, "operator", "product"],
  [`POST ${DEVICE}/properties/get`, "operator", "product"],
  [`GET ${DEVICE}/topology`, "viewer", "product"],
  [`POST ${DEVICE}/topology`, "operator", "product"],
  [`DELETE ${DEVICE}/topology/:subProductKey/:subDeviceName`, "operator", "product"],
  [`POST ${DEVICE}/services/:identifier`, "operator", "product"],
  [`GET ${DEVICE}/calls/:callId`, "viewer", "product"],
  [`GET ${DEVICE}/desired`, "viewer", "product"],
  [`PUT ${DEVICE}/desired`, "operator", "product"],

  [`GET ${DEVICE}/shadow`, "viewer", "product"],
  [`PUT ${DEVICE}/shadow`, "operator", "product"],
  [`PATCH ${DEVICE}/shadow`, "operator", "product"],
  [`DELETE ${DEVICE}/shadow`, "operator", "product"],

  [`POST ${PRODUCT}/batches`, "operator", "product"],
  ["GET /v1/batches/:batchId", "viewer", "batch"],
  ["GET /v1/batches/:batchId/certificates.csv", "admin", "batch"],

  ["POST /v1/batches/:batchId/packages", "admin", "batch"],
  ["GET /v1/batches/:batchId/packages", "viewer", "batch"],
  ["GET /v1/batches/:batchId/packages/:packageId", "viewer", "batch"],
  ["GET /v1/batches/:batchId/packages/:packageId/devices", "viewer", "batch"],
  ["POST /v1/batches/:batchId/packages/:packageId/receipts", "operator", "batch"],
  ["POST /v1/batches/:batchId/packages/:packageId/void", "admin", "batch"],

  [`GET ${DEVICE}/x509`, "viewer", "product"],
  [`GET ${DEVICE}/x509/:fingerprint`, "viewer", "product"],
  [`POST ${DEVICE}/x509`, "admin", "product"],
  [`POST ${DEVICE}/x509/issue`, "admin", "product"],
  [`POST ${DEVICE}/x509/:fingerprint/renew`, "admin", "product"],
  [`POST ${DEVICE}/x509/:fingerprint/revoke`, "operator", "product"],
  ["GET /v1/x509/authority", "viewer", "fleet"],
  ["POST /v1/x509/authority", "admin", "fleet"],
  [`GET ${PRODUCT}/x509/authorities`, "viewer", "product"],
  [`POST ${PRODUCT}/x509/authorities`, "admin", "product"],
  [`DELETE ${PRODUCT}/x509/authorities/:fingerprint`, "admin", "product"],
  [`GET ${PRODUCT}/x509/authorities/:fingerprint/revocations`, "viewer", "product"],
  [`POST ${PRODUCT}/x509/authorities/:fingerprint/revocations`, "operator", "product"],

  ["GET /v1/uplink/groups", "viewer", "listed"],
  ["PUT /v1/uplink/groups/:group", "operator", "fleet"],
  ["DELETE /v1/uplink/groups/:group", "operator", "listed"],
  ["POST /v1/uplink/groups/:group/read", "operator", "listed"],
  ["POST /v1/uplink/groups/:group/ack", "operator", "listed"],
  ["GET /v1/uplink/stream", "viewer", "listed"],

  ["POST /v1/auth/explain", "operator", "fleet"],
  ["GET /v1/attempts", "viewer", "fleet"],
  ["GET /v1/audit", "admin", "fleet"],
  ["POST /v1/backup", "admin", "fleet"],
  ["GET /v1/keys", "admin", "fleet"],
  ["POST /v1/keys/rotate", "admin", "fleet"],

  ["POST /v1/api-keys", "admin", "fleet"],
  ["GET /v1/api-keys", "admin", "fleet"],
  ["GET /v1/api-keys/:keyId", "admin", "fleet"],
  ["POST /v1/api-keys/:keyId/rotate", "admin", "fleet"],
  ["DELETE /v1/api-keys/:keyId", "admin", "fleet"],
  ["POST /v1/access-keys", "admin", "fleet"],
  ["GET /v1/access-keys", "admin", "fleet"],
  ["DELETE /v1/access-keys/:accessKeyId", "admin", "fleet"],
];

const ROLES = ["viewer", "operator", "admin"] as const;
const REACHES = ["everything", "the product", "another product"] as const;

/** Somebody who asks: a key of each role with each reach. */
interface Asker {
  readonly role: Role;
  readonly reach: (typeof REACHES)[number];
  readonly key: string;
}

describe("a route", () => {
  let admin: TestAdmin;
  const askers: Asker[] = [];
  let known: Readonly<Record<string, string>>;

  beforeAll(async () => {
    admin = await openAdmin({ withServices: true });
    const { gateway } = admin;
    const [device, other] = [await gateway.addDevice(), await gateway.addDevice()];
    const { productKey } = device;
    const lines = [{ line: 1 }];
    const batch = await gateway.operators.batches.create(gateway.actor, productKey, { lines, fingerprint: "f" });
    if (isProblem(batch)) throw new Error(batch.detail);
    known = { productKey, batchId: batch.batchId, deviceName: "none", group: "g1", messageId: "1", keyId: "none" };
    const products = { everything: {}, "the product": [productKey], "another product": [other.productKey] } as const;
    for (const role of ROLES)
      for (const reach of REACHES) {
        const limit = products[reach];
        const grant: Grant = { role, ...(Array.isArray(limit) ? { products: limit } : {}) };
        const made = await gateway.operators.apiKeys.create(gateway.actor, { name: `${role} of ${reach}`, ...grant });
        if (isProblem(made)) throw new Error(made.detail);
        askers.push({ role, reach, key: made.text.reveal() });
      }
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  /** Asks without waiting for the end: one of the answers has none. @returns the status, and the code of a refusal. */
  async function ask(route: string, key: string | undefined): Promise<{ status: number; code: string }> {
    const [method = "GET", pattern = ""] = route.split(" ");
    const response = await admin.app.inject({
      method: method as "GET",
      url: pattern.replaceAll(/:(\w+)/g, (_, name: string) => known[name] ?? "none"),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      payloadAsStream: true,
      ...(["POST", "PUT", "PATCH"].includes(method) ? { payload: {} } : {}),
    });
    const stream = response.stream();
    if (response.statusCode < 400) {
      stream.destroy();
      return { status: response.statusCode, code: "in" };
    }
    const text = Buffer.concat(await stream.toArray()).toString();
    const { code } = JSON.parse(text) as { code: string };
    return { status: response.statusCode, code };
  }

  it("stands in the table, with the role and the scope that it declares", () => {
    const rows = admin.app.guardedRoutes
      .filter(({ method, url }) => method !== "HEAD" && !url.startsWith("/docs"))
      .map(({ method, url, access }): Row => {
        const route = `${method} ${url}`;
        return access === "public" ? [route, "public"] : [route, access.role, access.scope];
      });
    expect(rows.toSorted(byRoute)).toEqual(TABLE.toSorted(byRoute));
  });

  it("guards its HEAD as its GET", () => {
    const routes = admin.app.guardedRoutes;
    for (const { url, access } of routes.filter(({ method, url }) => method === "HEAD" && !url.startsWith("/docs")))
      expect(routes.find((route) => route.method === "GET" && route.url === url)?.access, url).toEqual(access);
  });

  it("lets in who has the role and the reach, and refuses everybody else before it does anything", async () => {
    const guarded = TABLE.filter(([, role]) => role !== "public");
    for (const [route, role, scope] of guarded) {
      expect(await ask(route, undefined), `${route}, nobody`).toEqual({ status: 401, code: "key_missing" });
      for (const asker of askers) {
        const answer = await ask(route, asker.key);
        const refusal = expectedRefusal(asker, role as Role, scope);
        const what = `${route}, ${asker.role} of ${asker.reach}: ${JSON.stringify(answer)}`;
        if (refusal) expect(answer, what).toEqual(refusal);
        else expect([401, 403].includes(answer.status) || answer.code === "batch_not_found", what).toBe(false);
      }
    }
  });

  it("lets in the key of the start, whatever it asks", async () => {
    for (const [route] of TABLE) expect([401, 403], route).not.toContain((await ask(route, KEY)).status);
  });

  it("that does not say who may use it, or cannot be limited as it says, stops the start", () => {
    const app = () => {
      const made = Fastify();
      demandAccess(made, "/docs");
      return made;
    };
    const access = (scope: RouteAccess["scope"]) => ({ config: { access: { role: "viewer", scope } as const } });
    expect(() => app().get("/v1/new", async () => "")).toThrow("GET /v1/new does not say who may use it");
    expect(() => app().get("/v1/new", access("product"), async () => "")).toThrow("has no /:productKey/ in its path");
    expect(() => app().get("/v1/:batchIds", access("batch"), async () => "")).toThrow("has no /:batchId/ in its path");
    expect(() => app().get("/v1/:batchId", access("batch"), async () => "")).not.toThrow();
    expect(() => app().get("/docs/x", async () => "")).not.toThrow();
    expect(() => app().get("/docs-of-mine", async () => "")).toThrow("does not say");
  });
});

function expectedRefusal({ role, reach }: Asker, needed: Role, scope: RouteAccess["scope"] | undefined) {
  if (ROLES.indexOf(role) < ROLES.indexOf(needed)) return { status: 403, code: "role_too_low" };
  if (scope === "fleet" && reach !== "everything") return { status: 403, code: "out_of_scope" };
  if (reach !== "another product") return undefined;
  if (scope === "product") return { status: 403, code: "out_of_scope" };
  return scope === "batch" ? { status: 404, code: "batch_not_found" } : undefined;
}

function byRoute([a]: Row, [b]: Row): number {
  return a < b ? -1 : 1;
}
