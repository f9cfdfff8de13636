import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEY, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const ATTACKER = "203.0.113.9";

describe("an address that shows wrong keys", () => {
  let admin: TestAdmin;
  beforeEach(async () => {
    admin = await openAdmin({ trustedProxies: "127.0.0.1" });
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  const from = (peer: string, key: string) => ({
    headers: { authorization: `Bearer ${key}`, "x-forwarded-for": peer },
  });
  const guess = (peer: string, i: number) => admin.ask("GET /v1/products", from(peer, `wrong-${i}`));

  it("is told to wait, with every route and with the right key too, and written down once", async () => {
    for (let i = 0; i < 11; i += 1) expect((await guess(ATTACKER, i)).status).toBe(401);
    const held = await guess(ATTACKER, 11);
    expect(problemOf(held, 429)).toMatchObject({
      code: "too_many_wrong_keys",
      detail: expect.stringMatching(/in 1 s/),
    });
    expect(held.headers["retry-after"]).toBe("1");
    expect(held.body).not.toHaveProperty("retryAfterSeconds");
    problemOf(await admin.ask("GET /v1/products", from(ATTACKER, KEY)), 429);
    problemOf(await admin.ask("POST /v1/session", { body: { key: KEY }, ...from(ATTACKER, "x") }), 429);
    const { items } = (await admin.ask("GET /v1/audit?action=access.held_up")).body as { items: unknown[] };
    expect(items).toMatchObject([{ actor: "unknown", target: ATTACKER, address: ATTACKER }]);
  });

  it("shuts the right key out at no other address, nor where it was at work already", async () => {
    expect((await admin.ask("GET /v1/products", from(ATTACKER, KEY))).status).toBe(200);
    for (let i = 0; i < 15; i += 1) await guess(ATTACKER, i);
    expect((await admin.ask("GET /v1/products", from("203.0.113.10", KEY))).status).toBe(200);
    expect((await admin.ask("GET /v1/products", from(ATTACKER, KEY))).status).toBe(200);
    problemOf(await guess(ATTACKER, 99), 429);
  });

  it("counts sign-ins and requests alike", async () => {
    for (let i = 0; i < 11; i += 1) {
      const headers = { authorization: "", "x-forwarded-for": ATTACKER };
      problemOf(await admin.ask("POST /v1/session", { body: { key: `wrong-${i}` }, headers }), 401);
    }
    problemOf(await guess(ATTACKER, 0), 429);
  });

  it("is nobody's word but a trusted proxy's", async () => {
    await using direct = await openAdmin();
    for (let i = 0; i < 11; i += 1) await direct.ask("GET /v1/products", from(`203.0.113.${i}`, "wrong"));
    problemOf(await direct.ask("GET /v1/products", from("203.0.113.200", "wrong")), 429);
  });
});
