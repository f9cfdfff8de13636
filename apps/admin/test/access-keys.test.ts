import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

describe("an access key", () => {
  let admin: TestAdmin;
  beforeEach(async () => {
    admin = await openAdmin();
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  it("is made with its secret, listed without, and revoked once", async () => {
    const { productKey } = await admin.gateway.addProduct();
    const body = { name: "shop", role: "viewer", products: [productKey], expiresAt: "2099-01-01T00:00:00.000Z" };
    const made = await admin.ask("POST /v1/access-keys", { body });
    expect(made.status, made.text).toBe(201);
    const { accessKeySecret, ...shown } = made.body;
    expect(accessKeySecret).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(shown).toEqual({
      ...body,
      accessKeyId: expect.stringMatching(/^[A-Za-z0-9]{16,24}$/),
      createdAt: expect.any(String),
      createdBy: "admin",
      lastUsedAt: null,
      lastAddress: null,
    });
    const listed = await admin.ask("GET /v1/access-keys");
    expect(listed.body).toEqual({ items: [shown] });
    const { accessKeyId } = shown;
    expect((await admin.ask(`DELETE /v1/access-keys/${accessKeyId}`)).status).toBe(204);
    const again = problemOf(await admin.ask(`DELETE /v1/access-keys/${accessKeyId}`), 404);
    expect(again).toMatchObject({ code: "access_key_not_found" });
    expect((await admin.ask("GET /v1/access-keys")).body["items"]).toEqual([]);
  });

  it("is in the audit log when it is made and revoked, without its secret", async () => {
    const { body } = await admin.ask("POST /v1/access-keys", { body: { name: "shop", role: "admin" } });
    await admin.ask(`DELETE /v1/access-keys/${body["accessKeyId"]}`);
    const log = await admin.ask("GET /v1/audit");
    expect(log.text).not.toContain(body["accessKeySecret"]);
    const target = body["accessKeyId"];
    expect(log.body["items"]).toMatchObject([
      { action: "access_key.revoke", target, detail: { name: "shop" } },
      { action: "access_key.create", target, detail: { name: "shop", role: "admin" } },
    ]);
  });

  it("opens no route of the REST API", async () => {
    const { body } = await admin.ask("POST /v1/access-keys", { body: { name: "shop", role: "admin" } });
    for (const key of [body["accessKeyId"], body["accessKeySecret"]])
      problemOf(await admin.ask("GET /v1/products", { headers: { authorization: `Bearer ${key}` } }), 401);
  });

  it.each([
    [{ role: "root" }, "role"],
    [{ products: ["nosuch"] }, "products.0"],
    [{ expiresAt: "2001-01-01T00:00:00.000Z" }, "expiresAt"],
  ])("that makes no sense is not made: %j", async (given, field) => {
    const answer = await admin.ask("POST /v1/access-keys", { body: { name: "x", role: "viewer", ...given } });
    expect(problemOf(answer, 400)).toMatchObject({ code: "invalid", field });
    expect((await admin.ask("GET /v1/access-keys")).body["items"]).toEqual([]);
  });
});
