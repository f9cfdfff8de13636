import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { ProductKey } from "@trine/core/certificate";
import { type DeviceCertificate, isProblem } from "@trine/core/registry";
import { anUplink } from "@trine/testkit/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ask, openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

describe("a key that is limited to a product", () => {
  let admin: TestAdmin;
  let mine: DeviceCertificate;
  let other: DeviceCertificate;
  let key: string;
  let keyId: string;
  beforeEach(async () => {
    admin = await openAdmin();
    mine = await admin.gateway.addDevice();
    other = await admin.gateway.addDevice();
    ({ key, keyId } = await limitedTo([mine.productKey]));
  });
  afterEach(() => admin[Symbol.asyncDispose]());

  async function limitedTo(products: readonly ProductKey[]) {
    const { operators, actor } = admin.gateway;
    const made = await operators.apiKeys.create(actor, { name: "app", role: "operator", products });
    if (isProblem(made)) throw new Error(made.detail);
    return { key: made.text.reveal(), keyId: made.key.keyId };
  }
  const ask = (route: string, given: Ask = {}, as = key) =>
    admin.ask(route, { ...given, headers: { authorization: `Bearer ${as}` } });
  const append = ({ productKey, deviceName }: DeviceCertificate, payload: string) =>
    admin.gateway.ports.uplinkLog.append(anUplink({ productKey, deviceName }, { payload: Buffer.from(payload) }));
  const read = (group: string, body: object = {}, as = key) =>
    ask(`POST /v1/uplink/groups/${group}/read`, { body: { consumer: "c1", ...body } }, as);
  const payloads = (body: Readonly<Record<string, unknown>>) =>
    (body["items"] as { topic: string; payload: string }[])
      .filter(({ topic }) => topic.includes("/user/"))
      .map(({ payload }) => Buffer.from(payload, "base64").toString());

  it("lists its own products only, page by page", async () => {
    const third = await admin.gateway.addProduct();
    const both = await limitedTo([mine.productKey, third.productKey]);
    const keysOf = async (as: string, query = "") => {
      const { body } = await ask(`GET /v1/products${query}`, {}, as);
      return (body["items"] as { productKey: string }[]).map(({ productKey }) => productKey);
    };
    expect(await keysOf(key)).toEqual([mine.productKey]);
    const first = await ask("GET /v1/products?limit=1", {}, both.key);
    const rest = await keysOf(both.key, `?limit=1&cursor=${first.body["nextCursor"]}`);
    expect([...payloadless(first.body), ...rest].toSorted()).toEqual([mine.productKey, third.productKey].toSorted());
  });

  it("learns nothing of others: one that is there looks like one that is not", async () => {
    const answers = [];
    for (const productKey of [other.productKey, "nosuch", "not%20a%20key"])
      answers.push(await ask(`GET /v1/products/${productKey}`));
    for (const answer of answers) expect(problemOf(answer, 403)).toMatchObject({ code: "out_of_scope" });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const batch = await admin.ask(`POST /v1/products/${other.productKey}/batches`, { body: { count: 1 } });
    const [there, not] = [await ask(`GET /v1/batches/${batch.body["batchId"]}`), await ask("GET /v1/batches/nosuch")];
    expect(problemOf(there, 404)).toEqual(problemOf(not, 404));
    problemOf(await ask("GET /v1/batches/%00"), 400);
  });

  it("reads messages of its product, and of no other", async () => {
    await append(mine, "mine");
    await append(other, "other");
    expect(payloads((await read("g1")).body)).toEqual(["mine"]);
    expect(problemOf(await read("g2", { productKey: other.productKey }), 403)).toMatchObject({ code: "out_of_scope" });
    const wide = await limitedTo([mine.productKey, other.productKey]);
    const unnamed = await read("g3", {}, wide.key);
    expect(problemOf(unnamed, 400)).toMatchObject({ field: "productKey" });
    expect(payloads((await read("g3", { productKey: other.productKey }, wide.key)).body)).toEqual(["other"]);
  });

  it("has no part in groups of others", async () => {
    await append(mine, "mine");
    await append(other, "other");
    const read1 = (await admin.ask("POST /v1/uplink/groups/all/read", { body: { consumer: "c" } })).body;
    const ids = (read1["items"] as { id: string }[]).map(({ id }) => id);
    const body = { consumer: "c", productKey: other.productKey };
    await admin.ask("POST /v1/uplink/groups/theirs/read", { body });
    await read("ours");
    const { items } = (await ask("GET /v1/uplink/groups")).body as { items: { group: string }[] };
    expect(items.map(({ group }) => group)).toEqual(["ours"]);
    for (const group of ["all", "theirs", "nosuch"]) {
      problemOf(await ask(`POST /v1/uplink/groups/${group}/ack`, { body: { ids } }), 404);
      problemOf(await ask(`DELETE /v1/uplink/groups/${group}`), 404);
    }
    for (const group of ["all", "theirs"]) problemOf(await read(group), 409);
    const acknowledged = await admin.ask("POST /v1/uplink/groups/all/ack", { body: { ids } });
    expect(acknowledged.body).toEqual({ acknowledged: ids.length });
  });

  it("acknowledges and deletes its own", async () => {
    await append(mine, "mine");
    const { items } = (await read("ours")).body as { items: { id: string }[] };
    const ids = items.map(({ id }) => id);
    expect((await ask("POST /v1/uplink/groups/ours/ack", { body: { ids } })).body).toEqual({
      acknowledged: ids.length,
    });
    expect((await ask("DELETE /v1/uplink/groups/ours")).status).toBe(204);
  });

  it("watches messages of its product, and no longer than it lives", async () => {
    const url = new URL("/v1/uplink/stream", await admin.app.listen({ port: 0, host: "127.0.0.1" }));
    const stream = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers: { authorization: `Bearer ${key}` } }, resolve).once("error", reject);
    });
    let seen = "";
    stream.on("data", (bytes) => {
      seen += String(bytes);
    });
    await append(other, "other");
    await append(mine, "mine");
    while (!seen.includes("event: message")) await once(stream, "data");
    expect(seen.match(/event: message/g)).toHaveLength(1);
    expect(seen).toContain(mine.productKey);
    const ended = once(stream, "end");
    const revokedAt = performance.now();
    await admin.ask(`DELETE /v1/api-keys/${keyId}`);
    await ended;
    expect(performance.now() - revokedAt).toBeLessThan(3_000);
  });
});

function payloadless(body: Readonly<Record<string, unknown>>): string[] {
  return (body["items"] as { productKey: string }[]).map(({ productKey }) => productKey);
}
