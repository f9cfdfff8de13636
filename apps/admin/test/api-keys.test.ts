import type { Grant } from "@trine/core/access";
import type { Clock } from "@trine/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const FORM = /^trine_[0-9a-f]{18}_[A-Za-z0-9_-]{43}$/;
const START_MS = Date.parse("2026-03-01T12:00:00.000Z");

interface Made {
  readonly key: string;
  readonly keyId: string;
}

describe("an API key", () => {
  let admin: TestAdmin;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = START_MS;
    const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    admin = await openAdmin({ clock });
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  async function make(given: Partial<Grant> & { name?: string; expiresAt?: string } = {}): Promise<Made> {
    const answer = await admin.ask("POST /v1/api-keys", { body: { name: "line 3", role: "operator", ...given } });
    expect(answer.status, answer.text).toBe(201);
    return answer.body as unknown as Made;
  }
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const statusFor = async (key: string) => (await admin.ask("GET /v1/products", as(key))).status;

  it("is shown once, with a prefix by which scanners know it, and is stored as a digest only", async () => {
    const { key, keyId } = await make();
    expect(key).toMatch(FORM);
    expect(key).toContain(keyId);
    const shown = await admin.ask(`GET /v1/api-keys/${keyId}`);
    expect(shown.body).toEqual({
      keyId,
      name: "line 3",
      role: "operator",
      products: null,
      createdAt: "2026-03-01T12:00:00.000Z",
      createdBy: "admin",
      expiresAt: null,
      previousEndsAt: null,
      lastUsedAt: null,
      lastAddress: null,
    });
    expect((await admin.ask("GET /v1/api-keys")).body["items"]).toEqual([shown.body]);
    const secret = key.split("_").at(-1) ?? "";
    const { apiKeys, audit } = admin.gateway.ports;
    const written = JSON.stringify([await apiKeys.find(keyId), await audit.list({}, { limit: 10 })]);
    expect(written).not.toContain(secret);
  });

  it("names who did what in the audit log, and so does its making", async () => {
    const { key, keyId } = await make({ name: "importer" });
    const made = await admin.ask("POST /v1/products", { body: { name: "lamp" }, ...as(key) });
    expect(made.status).toBe(201);
    const { items } = (await admin.ask("GET /v1/audit")).body as { items: Record<string, unknown>[] };
    expect(items.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      [`importer (${keyId})`, "product.create", made.body["productKey"]],
      ["admin", "api_key.create", keyId],
    ]);
  });

  it("says who it is", async () => {
    const { productKey } = await admin.gateway.addProduct();
    const { key, keyId } = await make({ role: "viewer", products: [productKey] });
    const { body } = await admin.ask("GET /v1/session", as(key));
    expect(body).toEqual({ keyId, name: "line 3", role: "viewer", products: [productKey], session: null });
  });

  it("notes when it was used, once a minute", async () => {
    const { key, keyId } = await make();
    const lastUsed = async () => {
      await admin.gateway.flush();
      return (await admin.ask(`GET /v1/api-keys/${keyId}`)).body["lastUsedAt"];
    };
    await statusFor(key);
    expect(await lastUsed()).toBe("2026-03-01T12:00:00.000Z");
    nowMs += 59_000;
    await statusFor(key);
    expect(await lastUsed()).toBe("2026-03-01T12:00:00.000Z");
    nowMs += 1_000;
    await statusFor(key);
    expect(await lastUsed()).toBe("2026-03-01T12:01:00.000Z");
  });

  it("is dead from the request after its revocation on", async () => {
    const { key, keyId } = await make();
    expect(await statusFor(key)).toBe(200);
    expect((await admin.ask(`DELETE /v1/api-keys/${keyId}`)).body).toEqual({ closedSessions: 0 });
    expect(problemOf(await admin.ask("GET /v1/products", as(key)), 401)).toMatchObject({ code: "key_wrong" });
    expect(problemOf(await admin.ask(`DELETE /v1/api-keys/${keyId}`), 404)).toMatchObject({
      code: "api_key_not_found",
    });
  });

  it("is dead when it expires, and says so to its holder only", async () => {
    const { key } = await make({ expiresAt: "2026-03-01T13:00:00.000Z" });
    nowMs += 3_600_000 - 1;
    expect(await statusFor(key)).toBe(200);
    nowMs += 1;
    expect(problemOf(await admin.ask("GET /v1/products", as(key)), 401)).toMatchObject({ code: "key_expired" });
    const forged = key.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    expect(problemOf(await admin.ask("GET /v1/products", as(forged)), 401)).toMatchObject({ code: "key_wrong" });
  });

  it("of an unknown id looks like one with a wrong secret", async () => {
    const { key } = await make();
    const [, id = "", secret = ""] = /^trine_(\w+?)_(.*)$/.exec(key) ?? [];
    const answers = [];
    for (const wrong of [`trine_${"0".repeat(18)}_${secret}`, `trine_${id}_${"A".repeat(43)}`, "trine_", "x"])
      answers.push(await admin.ask("GET /v1/products", as(wrong)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(problemOf(answers[0] ?? never(), 401)).toMatchObject({ code: "key_wrong" });
  });

  it("works on for the grace after it was rotated, and the new one at once", async () => {
    const { key, keyId } = await make();
    const rotated = await admin.ask(`POST /v1/api-keys/${keyId}/rotate`, { body: { graceSeconds: 60 } });
    const second = String(rotated.body["key"]);
    expect(second).toMatch(FORM);
    expect(second).not.toBe(key);
    expect(rotated.body).toMatchObject({ keyId, previousEndsAt: "2026-03-01T12:01:00.000Z" });
    expect([await statusFor(key), await statusFor(second)]).toEqual([200, 200]);
    nowMs += 60_000;
    expect([await statusFor(key), await statusFor(second)]).toEqual([401, 200]);
    const third = String(
      (await admin.ask(`POST /v1/api-keys/${keyId}/rotate`, { body: { graceSeconds: 0 } })).body["key"],
    );
    expect([await statusFor(second), await statusFor(third)]).toEqual([401, 200]);
    const byDefault = await admin.ask(`POST /v1/api-keys/${keyId}/rotate`);
    expect(byDefault.body).toMatchObject({ previousEndsAt: "2026-03-02T12:01:00.000Z" });
  });

  it.each([
    [{ role: "root" }, "role"],
    [{ name: "" }, "name"],
    [{ products: [] }, "products"],
    [{ products: ["nosuch"] }, "products.0"],
    [{ products: ["not a key"] }, "products.0"],
    [{ expiresAt: "2026-03-01T11:59:59.999Z" }, "expiresAt"],
    [{ expiresAt: "soon" }, "expiresAt"],
    [{ more: 1 }, "more"],
  ])("that makes no sense is not made: %j", async (given, field) => {
    const answer = await admin.ask("POST /v1/api-keys", { body: { name: "x", role: "viewer", ...given } });
    expect(problemOf(answer, 400)).toMatchObject({ code: "invalid", field });
    expect((await admin.ask("GET /v1/api-keys")).body["items"]).toEqual([]);
  });

  it("that is refused what is for admins is written down, once a minute", async () => {
    const { productKey, deviceName } = await admin.gateway.addDevice();
    const { key, keyId } = await make({ name: "curious" });
    const route = `GET /v1/products/${productKey}/devices/${deviceName}/certificate`;
    for (let i = 0; i < 3; i += 1) problemOf(await admin.ask(route, as(key)), 403);
    problemOf(await admin.ask("GET /v1/api-keys", as(key)), 403);
    const { items } = (await admin.ask("GET /v1/audit?action=access.refused")).body as { items: unknown[] };
    const actor = `curious (${keyId})`;
    expect(items).toMatchObject([
      { actor, target: "/v1/api-keys", detail: { route: "GET /v1/api-keys", code: "role_too_low" } },
      { actor, target: `${productKey}/${deviceName}`, detail: { code: "role_too_low" } },
    ]);
  });
});

function never(): never {
  throw new Error("there is no answer");
}
