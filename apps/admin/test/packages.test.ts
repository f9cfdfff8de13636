import { createPrivateKey, sign } from "node:crypto";
import { parseDeviceRef } from "@trine/core/certificate";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KEY, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

/** What is in a package. */
interface Opened {
  readonly head: Readonly<Record<string, string | number>>;
  readonly devices: readonly { deviceName: string; deviceSecret: string }[];
}

function must<T>(found: T | undefined): T {
  if (found === undefined) throw new Error("it is there");
  return found;
}

describe("a hand-over package", () => {
  let admin: TestAdmin;
  let identity: string;
  let recipient: string;
  let batchId: string;
  let productKey: string;
  beforeAll(async () => {
    admin = await openAdmin();
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
  });
  beforeEach(async () => {
    ({ productKey } = await admin.gateway.addProduct());
    const made = await admin.ask(`POST /v1/products/${productKey}/batches`, { body: { count: 4, prefix: "unit-" } });
    batchId = String(made.body["batchId"]);
    await admin.workOff();
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  async function make(order: object = {}) {
    const response = await admin.app.inject({
      method: "POST",
      url: `/v1/batches/${batchId}/packages`,
      headers: { authorization: `Bearer ${KEY}` },
      payload: { recipient, ...order },
    });
    return { status: response.statusCode, id: String(response.headers["x-package-id"]), bytes: response.rawPayload };
  }

  async function open(bytes: Uint8Array): Promise<Opened> {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const [head = "{}", ...devices] = (await decrypter.decrypt(bytes, "text")).trimEnd().split("\n");
    return { head: JSON.parse(head) as Opened["head"], devices: devices.map((line) => JSON.parse(line)) };
  }

  const show = async (id: string) => (await admin.ask(`GET /v1/batches/${batchId}/packages/${id}`)).body;
  const takeReceipt = (id: string, raw: string) =>
    admin.ask(`POST /v1/batches/${batchId}/packages/${id}/receipts`, {
      raw,
      headers: { "content-type": "text/plain" },
    });

  function receiptOf({ head }: Opened, names: readonly string[], packageId = head["packageId"]): string {
    const burned = names.map((deviceName) => ({ deviceName, at: "2026-01-02T03:04:05.000Z" }));
    const payload = Buffer.from(JSON.stringify({ packageId, burned })).toString("base64url");
    const seed = Buffer.from(String(head["receiptKey"]), "base64url");
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const text = `trine-receipt/1.${payload}`;
    return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
  }

  it("opens with the factory's key only, and holds the certificates that devices log in with", async () => {
    const made = await make({ expiresInSeconds: 3_600 });
    expect(made.status).toBe(201);
    const { head, devices } = await open(made.bytes);
    expect(head).toMatchObject({ format: "trine-package/1", packageId: made.id, batchId, productKey, count: 4 });
    expect(Date.parse(String(head["expiresAt"])) - Date.parse(String(head["createdAt"]))).toBe(3_600_000);
    const certificates = await admin.ask(`GET /v1/batches/${batchId}/certificates.csv`);
    for (const { deviceName, deviceSecret } of devices)
      expect(certificates.text).toContain(`${productKey},${deviceName},${deviceSecret}`);
    expect(made.bytes.includes(devices[0]?.deviceSecret ?? "?")).toBe(false);
    const stranger = new Decrypter();
    stranger.addIdentity(await generateX25519Identity());
    await expect(stranger.decrypt(made.bytes)).rejects.toThrow();
  });

  it("can be had once: what is in it is in no other, however many ask at once", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => make({ count: 3 })));
    const made = answers.filter(({ status }) => status === 201);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(4);
    const names = (await Promise.all(made.map(({ bytes }) => open(bytes)))).flatMap(({ devices }) => devices);
    expect(names.map(({ deviceName }) => deviceName).toSorted()).toEqual([
      "unit-001",
      "unit-002",
      "unit-003",
      "unit-004",
    ]);
    const late = await admin.ask(`POST /v1/batches/${batchId}/packages`, { body: { recipient } });
    expect(problemOf(late, 409)).toMatchObject({ code: "batch_packed" });
  });

  it("that cannot be encrypted is not made", async () => {
    for (const wrong of ["", "age1nobody", "AGE-SECRET-KEY-1", recipient.slice(0, -1)]) {
      const answer = await admin.ask(`POST /v1/batches/${batchId}/packages`, { body: { recipient: wrong } });
      expect(problemOf(answer, 400)).toMatchObject({ field: "recipient" });
    }
    expect((await make()).status).toBe(201);
  });

  it("waits until its batch is done, and is of a batch", async () => {
    const pending = await admin.ask(`POST /v1/products/${productKey}/batches`, { body: { count: 1 } });
    const early = await admin.ask(`POST /v1/batches/${pending.body["batchId"]}/packages`, { body: { recipient } });
    expect(problemOf(early, 409)).toMatchObject({ code: "batch_not_done" });
    const nowhere = await admin.ask("POST /v1/batches/none/packages", { body: { recipient } });
    expect(problemOf(nowhere, 404)).toMatchObject({ code: "batch_not_found" });
    await admin.workOff();
  });

  it("marks devices as burned when its receipt comes, as often as that comes", async () => {
    const { id, bytes } = await make();
    const opened = await open(bytes);
    const first = await takeReceipt(id, receiptOf(opened, ["unit-001"]));
    expect(first.body).toMatchObject({ packageId: id, count: 4, burned: 1, marked: 1, strangers: 0 });
    const both = receiptOf(opened, ["unit-001", "unit-002", "unit-9999"]);
    expect((await takeReceipt(id, both)).body).toMatchObject({ burned: 2, marked: 1, strangers: 1 });
    expect((await takeReceipt(id, `${both}\n`)).body).toMatchObject({ burned: 2, marked: 0 });
    const { body } = await admin.ask(`GET /v1/batches/${batchId}/packages/${id}/devices?limit=2`);
    const burnedAt = "2026-01-02T03:04:05.000Z";
    const items = ["unit-001", "unit-002"].map((deviceName) => ({ deviceName, burnedAt }));
    expect(body).toEqual({ items, nextCursor: "unit-002" });
    const timeline = await admin.ask(`GET /v1/products/${productKey}/devices/unit-002/timeline`);
    expect(timeline.body["items"]).toContainEqual(
      expect.objectContaining({ event: "burned", detail: { packageId: id } }),
    );
  });

  it("takes no receipt that its own key has not signed", async () => {
    const [one, other] = [await make({ count: 2 }), await make({ count: 2 })];
    const [opened, foreign] = [await open(one.bytes), await open(other.bytes)];
    const right = receiptOf(opened, ["unit-001"]);
    const [format, payload, signature] = right.split(/\.(?=[^.]*\.|[^.]*$)/);
    const forged = [
      receiptOf(foreign, ["unit-001"], one.id),
      receiptOf(opened, ["unit-001"], other.id),
      receiptOf(opened, ["no"]),
      `${format}.${payload}A.${signature}`,
      `${right}A`,
      "trine-receipt/2.e30.AA",
      "nothing",
      ".".repeat(10_000),
    ];
    for (const text of forged)
      expect(problemOf(await takeReceipt(one.id, text), 400)).toMatchObject({ code: "receipt_invalid" });
    expect(await show(one.id)).toMatchObject({ burned: 0 });
  });

  it("voided gives what was not used new secrets, and frees it; what was burned or has logged in stays", async () => {
    const { id, bytes } = await make();
    const opened = await open(bytes);
    await takeReceipt(id, receiptOf(opened, ["unit-001"]));
    const secrets = new Map(opened.devices.map(({ deviceName, deviceSecret }) => [deviceName, deviceSecret]));
    const { registry } = admin.gateway.ports;
    const inUse = must(parseDeviceRef(productKey, "unit-002"));
    await registry.activate(inUse, must(await registry.findDevice(inUse)).iotId, 1);
    const begun = await admin.ask(`POST /v1/batches/${batchId}/packages/${id}/void`);
    expect(begun).toMatchObject({ status: 202, body: { status: "voiding" } });
    while (await admin.gateway.operators.packages.work(new AbortController().signal));
    expect(await show(id)).toMatchObject({ status: "voided", count: 2, burned: 1 });
    for (const [deviceName, secret] of secrets) {
      const { body } = await admin.ask(`GET /v1/products/${productKey}/devices/${deviceName}/certificate`);
      const kept = ["unit-001", "unit-002"].includes(deviceName);
      expect(body["deviceSecret"] === secret, deviceName).toBe(kept);
    }
    const next = await open((await make()).bytes);
    expect(next.devices.map(({ deviceName }) => deviceName)).toEqual(["unit-003", "unit-004"]);
  });

  it("is in the audit log before it is handed out, as receipts and voidings are, and no key or secret with it", async () => {
    const { id, bytes } = await make();
    const opened = await open(bytes);
    await takeReceipt(id, receiptOf(opened, ["unit-001"]));
    await admin.ask(`POST /v1/batches/${batchId}/packages/${id}/void`);
    const { body, text } = await admin.ask(`GET /v1/audit?target=${batchId}`);
    const acts = (body["items"] as { action: string }[]).map(({ action }) => action);
    expect(acts.slice(0, 3)).toEqual(["package.void", "package.receipt", "package.make"]);
    expect(text).not.toContain(String(opened.head["receiptKey"]));
    expect(text).not.toContain(opened.devices[0]?.deviceSecret ?? "?");
  });

  it("is found under its own batch only", async () => {
    const { id } = await make();
    expect(problemOf(await admin.ask(`GET /v1/batches/other/packages/${id}`), 404)).toMatchObject({
      code: "package_not_found",
    });
    const { body } = await admin.ask(`GET /v1/batches/${batchId}/packages`);
    expect(body["items"]).toMatchObject([{ packageId: id, status: "handed_over", count: 4 }]);
  });
});
