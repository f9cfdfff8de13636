import type { Clock } from "@trine/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, type Ask, KEY, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const MINUTE_MS = 60_000;
const ROUTE = "POST /v1/products";
const BODY = { name: "lamp" };

/** A browser: keeps the cookie, and what it was told to repeat. */
interface Browser {
  readonly cookie: string;
  readonly csrf: string;
  readonly answer: Answer;
}

describe("a session", () => {
  let admin: TestAdmin;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = Date.now();
    const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    admin = await openAdmin({ clock, trustedProxies: "127.0.0.1" });
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  async function signIn(key = KEY, headers: Record<string, string> = {}): Promise<Browser> {
    const answer = await admin.ask("POST /v1/session", { body: { key }, headers: { authorization: "", ...headers } });
    expect(answer.status, answer.text).toBe(201);
    const { csrfToken } = answer.body["session"] as { csrfToken: string };
    return { cookie: String(answer.headers["set-cookie"]).split(";")[0] ?? "", csrf: csrfToken, answer };
  }
  const ask = (browser: Browser, route: string, given: Ask = {}) =>
    admin.ask(route, {
      ...given,
      headers: { authorization: "", cookie: browser.cookie, "x-csrf-token": browser.csrf, ...given.headers },
    });
  const lives = async (browser: Browser) => (await ask(browser, "GET /v1/session")).status === 200;
  const made = async (role: "viewer" | "admin" = "viewer") => {
    const { body } = await admin.ask("POST /v1/api-keys", { body: { name: "console", role } });
    return body as { key: string; keyId: string };
  };

  it("is opened by a key, in a cookie that no script reads and no other site sends", async () => {
    const { answer } = await signIn();
    const cookie = String(answer.headers["set-cookie"]);
    expect(cookie).toMatch(/^trine_session=[A-Za-z0-9_-]{43}; Path=\/; Expires=.+; HttpOnly; SameSite=Strict$/);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.body).toMatchObject({ keyId: "bootstrap", name: "admin", role: "admin", products: null });
    expect(answer.text).not.toContain(cookie.slice(14, 57));
  });

  it("behind a proxy that ends TLS has a cookie that is for this host and for TLS only", async () => {
    const https = { "x-forwarded-proto": "https" };
    const browser = await signIn(KEY, https);
    expect(browser.cookie).toMatch(/^__Host-trine_session=/);
    expect(browser.answer.headers["set-cookie"]).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
    expect((await ask(browser, "GET /v1/session", { headers: https })).status).toBe(200);
    expect((await ask(browser, "GET /v1/session")).status).toBe(401);
  });

  it("may do what its key may, and the log names the key", async () => {
    const { key, keyId } = await made();
    const browser = await signIn(key);
    expect((await ask(browser, "GET /v1/products")).status).toBe(200);
    expect(problemOf(await ask(browser, ROUTE, { body: BODY }), 403)).toMatchObject({ code: "role_too_low" });
    const { items } = (await admin.ask(`GET /v1/audit?target=${keyId}`)).body as { items: unknown[] };
    expect(items).toMatchObject([
      { actor: `console (${keyId})`, action: "session.open" },
      { actor: "admin", action: "api_key.create" },
    ]);
  });

  it("is stored as a hash only", async () => {
    const browser = await signIn();
    const token = browser.cookie.split("=")[1] ?? "";
    const { operatorSessions } = admin.gateway.ports;
    expect(await operatorSessions.find(token)).toBeUndefined();
    expect(JSON.stringify(admin.gateway.recorder)).not.toContain(token);
  });

  it("gets a new token at every sign-in, and the one before is over", async () => {
    const first = await signIn();
    const second = await signIn(KEY, { cookie: first.cookie });
    expect(second.cookie).not.toBe(first.cookie);
    expect([await lives(first), await lives(second)]).toEqual([false, true]);
  });

  it("is over after an hour without a request, and after twelve whatever happens", async () => {
    const idle = await signIn();
    const busy = await signIn();
    for (let minutes = 0; minutes < 11 * 60; minutes += 50) {
      nowMs += 50 * MINUTE_MS;
      expect(await lives(busy), `after ${minutes} minutes`).toBe(true);
    }
    expect(await lives(idle)).toBe(false);
    nowMs += 49 * MINUTE_MS;
    expect(await lives(busy)).toBe(false);
    expect(problemOf(await ask(busy, "GET /v1/products"), 401)).toMatchObject({ code: "session_over" });
  });

  it("is not kept alive by a stream that looks whether it still is", async () => {
    const browser = await signIn();
    const token = browser.cookie.split("=")[1] ?? "";
    const { operatorSessions } = admin.gateway.operators;
    nowMs += 40 * MINUTE_MS;
    expect(await operatorSessions.resume(token, { quietly: true })).toBeDefined();
    nowMs += 20 * MINUTE_MS;
    expect(await lives(browser)).toBe(false);
  });

  it("is over when it is signed out of, with its cookie", async () => {
    const [here, elsewhere] = [await signIn(), await signIn()];
    const out = await ask(here, "DELETE /v1/session");
    expect(out.body).toEqual({ closedSessions: 1 });
    expect(out.headers["set-cookie"]).toMatch(/^trine_session=; .*Expires=Thu, 01 Jan 1970/);
    expect([await lives(here), await lives(elsewhere)]).toEqual([false, true]);
  });

  it("is over with all the others of its key when that is asked, and with no other", async () => {
    const { key } = await made();
    const [one, two, other] = [await signIn(key), await signIn(key), await signIn()];
    expect((await ask(one, "DELETE /v1/session?all=true")).body).toEqual({ closedSessions: 2 });
    expect([await lives(one), await lives(two), await lives(other)]).toEqual([false, false, true]);
    const authorization = `Bearer ${key}`;
    problemOf(await admin.ask("DELETE /v1/session", { headers: { authorization } }), 404);
  });

  it("is over when its key is revoked, and when a rotation ends the key that opened it", async () => {
    const [revoked, rotated] = [await made("admin"), await made("admin")];
    const [one, two] = [await signIn(revoked.key), await signIn(rotated.key)];
    expect((await admin.ask(`DELETE /v1/api-keys/${revoked.keyId}`)).body).toEqual({ closedSessions: 1 });
    expect([await lives(one), await lives(two)]).toEqual([false, true]);
    await admin.ask(`POST /v1/api-keys/${rotated.keyId}/rotate`, { body: { graceSeconds: 600 } });
    expect(await lives(two)).toBe(true);
    nowMs += 10 * MINUTE_MS;
    expect(await lives(two)).toBe(false);
  });

  it("is over when the key of the start was another one", async () => {
    const browser = await signIn();
    const { operatorSessions } = admin.gateway.operators;
    const resumed = await operatorSessions.resume(browser.cookie.split("=")[1] ?? "");
    expect(resumed?.isOf([Buffer.alloc(32)])).toBe(false);
  });

  const SAME_SITE = { "sec-fetch-site": "same-site" };
  it.each<[string, Record<string, string>, number, string?]>([
    ["from its own page", { "sec-fetch-site": "same-origin" }, 201],
    ["from its own page, by an old browser", { origin: "http://localhost:3000", host: "localhost:3000" }, 201],
    ["from no page", {}, 201],
    ["from another site", { "sec-fetch-site": "cross-site" }, 403, "origin_foreign"],
    ["from a neighbour under the same domain", SAME_SITE, 403, "origin_foreign"],
    ["from an address that somebody typed", { "sec-fetch-site": "none" }, 403, "origin_foreign"],
    ["from another site, by an old browser", { origin: "https://evil.example" }, 403, "origin_foreign"],
    ["from a page without an origin", { origin: "null" }, 403, "origin_foreign"],
    ["without the token", { "x-csrf-token": "" }, 403, "csrf_token_wrong"],
    ["with another session's token", { "x-csrf-token": "another" }, 403, "csrf_token_wrong"],
    ["with the cookie as the token", { "x-csrf-token": "cookie" }, 403, "csrf_token_wrong"],
  ])("changes something by a request %s: %j is answered %i", async (_name, headers, status, code) => {
    const [browser, another] = [await signIn(), await signIn()];
    const tokens: Record<string, string> = { another: another.csrf, cookie: browser.cookie.split("=")[1] ?? "" };
    const csrf = headers["x-csrf-token"];
    const given = csrf === undefined ? headers : { ...headers, "x-csrf-token": tokens[csrf] ?? csrf };
    const answer = await ask(browser, ROUTE, { body: BODY, headers: given });
    expect(answer.status, answer.text).toBe(status);
    if (code) expect(answer.body).toMatchObject({ code });
  });

  it.each<[string, Record<string, string>, number]>([
    ["from its own page", { "sec-fetch-site": "same-origin" }, 200],
    ["from an address that somebody typed", { "sec-fetch-site": "none" }, 200],
    ["from a neighbour under the same domain", SAME_SITE, 403],
    ["from another site", { "sec-fetch-site": "cross-site" }, 403],
  ])("reads by a request %s without the token: %j is answered %i", async (_name, headers, status) => {
    const browser = await signIn();
    expect((await ask(browser, "GET /v1/products", { headers: { "x-csrf-token": "", ...headers } })).status).toBe(
      status,
    );
  });

  it("is not opened by another site, nor by a body that a form can send", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }])
      problemOf(await admin.ask("POST /v1/session", { body: { key: KEY }, headers }), 403);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    problemOf(await admin.ask("POST /v1/session", { raw: `key=${KEY}`, headers: form }), 415);
    problemOf(await admin.ask("POST /v1/session", { body: { key: "x".repeat(5_000) } }), 413);
  });

  it("does not count beside a key, so a program needs no token", async () => {
    const browser = await signIn();
    const headers = { authorization: `Bearer ${KEY}`, "x-csrf-token": "", "sec-fetch-site": "cross-site" };
    expect((await ask(browser, ROUTE, { body: BODY, headers })).status).toBe(201);
    expect((await ask(browser, ROUTE, { body: BODY, headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  });

  it.each(["trine_session=", "trine_session=x", `trine_session=${"A".repeat(43)}`, "trine_session=%00"])(
    "that nobody opened lets nobody in: %s",
    async (cookie) => {
      const answer = await admin.ask("GET /v1/products", { headers: { authorization: "", cookie } });
      expect(problemOf(answer, 401)).toMatchObject({ code: "session_over" });
    },
  );
});
