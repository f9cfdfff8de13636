import { computeMac, type DeviceRef, Secret, stringToSign } from "@trine/core/certificate";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

let admin: TestAdmin;
let device: DeviceRef;
let path: string;
let secret: string;

beforeAll(async () => {
  admin = await openAdmin();
});
beforeEach(async () => {
  const { deviceSecret, ...names } = await admin.gateway.addDevice();
  device = names;
  path = `/v1/products/${device.productKey}/devices/${device.deviceName}`;
  secret = deviceSecret.reveal();
});
afterAll(() => admin[Symbol.asyncDispose]());

describe("a rotation", () => {
  it("answers the new secret once, uncached; both log in until the new one was used", async () => {
    const rotated = await admin.ask(`POST ${path}/rotate`, { body: { graceSeconds: 3_600 } });
    expect(rotated).toMatchObject({
      status: 200,
      headers: { "cache-control": "no-store" },
      body: { ...device, closedSessions: 0, nodes: 1, elapsedMs: expect.any(Number) },
    });
    const { deviceSecret, graceEndsAt } = rotated.body;
    expect(deviceSecret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(Math.abs(Date.parse(String(graceEndsAt)) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    for (const [used, code] of [
      [secret, "ok"],
      [String(deviceSecret), "ok"],
      [secret, "bad_credentials"],
      [String(deviceSecret), "ok"],
    ] as const)
      expect(await login(used)).toBe(code);
    expect((await admin.ask(`GET ${path}/certificate`)).body).toMatchObject({ deviceSecret });
  });

  it("needs no body, and takes a grace of nothing as the end of the old secret", async () => {
    expect((await admin.ask(`POST ${path}/rotate`)).status).toBe(200);
    const rotated = await admin.ask(`POST ${path}/rotate`, { body: { graceSeconds: 0 } });
    expect(await login(secret)).toBe("bad_credentials");
    expect(await login(String(rotated.body["deviceSecret"]))).toBe("ok");
  });

  it.each([
    [{ graceSeconds: -1 }, "graceSeconds"],
    [{ graceSeconds: 1.5 }, "graceSeconds"],
    [{ graceSeconds: 40_000_000 }, "graceSeconds"],
    [{ grace: 5 }, "grace"],
  ])("is refused with %j, by the name of the field", async (body, field) => {
    expect(problemOf(await admin.ask(`POST ${path}/rotate`, { body }), 400)).toMatchObject({ code: "invalid", field });
  });

  it("leaves the new secret in no log and in no other answer", async () => {
    const { body } = await admin.ask(`POST ${path}/rotate`);
    await admin.gateway.flush();
    const others = await Promise.all(
      [`GET ${path}`, `GET ${path}/timeline`, "GET /v1/audit?limit=1000"].map((route) => admin.ask(route)),
    );
    for (const { text } of others) expect(text).not.toContain(String(body["deviceSecret"]));
    expect(JSON.stringify(admin.gateway.recorder)).not.toContain(String(body["deviceSecret"]));
  });
});

describe("a timeline", () => {
  it("shows what happened, newest first, with who and why", async () => {
    await login(secret);
    await login("wrong");
    for (const act of ["disable", "enable", "kick"]) await admin.ask(`POST ${path}/${act}`);
    await admin.ask(`GET ${path}/certificate`);
    await admin.gateway.flush();
    const { body } = await admin.ask(`GET ${path}/timeline`);
    const items = body["items"] as { event: string; at: string; detail: object }[];
    expect(items.map(({ event }) => event)).toEqual(
      ["created", "activated", "refused", "disabled", "enabled", "kicked", "certificate_read"].reverse(),
    );
    expect(items[0]?.detail).toEqual({ actor: "admin" });
    expect(items.find(({ event }) => event === "refused")?.detail).toEqual({
      code: "bad_credentials",
      why: "wrong MAC",
      transport: "radio",
      peer: "192.0.2.1",
      count: 1,
    });
    for (const { at } of items) expect(new Date(at).toISOString()).toBe(at);
  });

  it("comes in pages, and a foreign cursor is 400", async () => {
    for (const act of ["disable", "enable"]) await admin.ask(`POST ${path}/${act}`);
    await admin.gateway.flush();
    const first = await admin.ask(`GET ${path}/timeline?limit=2`);
    expect(first.body["items"]).toHaveLength(2);
    const rest = await admin.ask(`GET ${path}/timeline?limit=2&cursor=${first.body["nextCursor"]}`);
    expect(rest.body["items"]).toMatchObject([{ event: "created" }]);
    problemOf(await admin.ask(`GET ${path}/timeline?cursor=x`), 400);
  });
});

it("a device without connection shows when it was seen", async () => {
  expect((await admin.ask(`GET ${path}`)).body).toMatchObject({ lastSeenAt: null });
  await login(secret);
  await admin.gateway.flush();
  const { body } = await admin.ask(`GET ${path}`);
  expect(Math.abs(Date.parse(String(body["lastSeenAt"])) - Date.now())).toBeLessThan(60_000);
  expect(body).toMatchObject({ status: "OFFLINE", lastOnlineAt: null, lastAddress: "192.0.2.1" });
});

it("a new policy tells what it closed, and voids tokens", async () => {
  const product = `/v1/products/${device.productKey}`;
  const body = { policy: { signMethods: ["hmacsha256"] } };
  const told = { closedSessions: 0, nodes: 1, elapsedMs: expect.any(Number) };
  expect((await admin.ask(`PATCH ${product}`, { body })).body).toMatchObject({ ...body, ...told });
  const topics = [{ suffix: "user/a", permission: "pub" }];
  expect((await admin.ask(`PUT ${product}/topics`, { body: { topics } })).body).toEqual({ topics, ...told });
  expect((await admin.ask(`GET ${product}/topics`)).body).toEqual({ topics });
});

/** Logs in for a token. @returns `ok` or the refusal's code. */
async function login(deviceSecret: string): Promise<string> {
  const signed = { clientId: "12345", ...device };
  const outcome = await admin.gateway.platform.authenticator.authenticate({
    device,
    signMethod: "hmacsha256",
    signed,
    mac: computeMac("hmacsha256", new Secret(deviceSecret), stringToSign(signed)),
    transport: "radio",
    peer: "192.0.2.1",
    keep: "token",
  });
  return "code" in outcome ? outcome.code : "ok";
}
