import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { aNode, must, type Node, OPERATOR } from "../../test/a-node.ts";

let node: Node;
beforeEach(async () => {
  node = await aNode();
});
const make = async (given: object = {}) =>
  must(await node.operators.accessKeys.create(OPERATOR, { name: "app", role: "operator", ...given }));
const SIGNAL = new AbortController().signal;

describe("an access key", () => {
  it("has an id of letters and digits, and a secret of thirty that does not print itself", async () => {
    const [one, two] = [await make(), await make()];
    expect(one.key.accessKeyId).toMatch(/^TRINE[A-Za-z0-9]{15}$/);
    expect(one.secret.reveal()).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(one.secret.reveal()).not.toBe(two.secret.reveal());
    expect(`${one.secret} ${JSON.stringify(one)} ${inspect(one)}`).not.toContain(one.secret.reveal());
  });

  it("is found with its secret, role and products, and is stored sealed", async () => {
    const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
    const { key, secret } = await make({ role: "viewer", products: [product.productKey] });
    const found = await node.operators.accessKeys.find(key.accessKeyId);
    expect(found).toMatchObject({ name: "app", role: "viewer", products: [product.productKey] });
    expect(found?.secret.reveal()).toBe(secret.reveal());
    const stored = JSON.stringify(await node.fleet.ports.accessKeys.find(key.accessKeyId));
    expect(stored).not.toContain(secret.reveal());
    expect(JSON.stringify(must(await node.operators.accessKeys.list({ limit: 9 })))).not.toContain("ealed");
  });

  it("that nobody has, or that no key can be, is not found", async () => {
    for (const text of ["TRINE00000000000000x", "", "x".repeat(10_000), "a\0bcdefghijklmnopq"])
      expect(await node.operators.accessKeys.find(text), text.slice(0, 40)).toBeUndefined();
  });

  it("whose sealed secret was put in the row of another does not open", async () => {
    const [one, two] = [await make(), await make()];
    const { accessKeys } = node.fleet.ports;
    const stolen = await accessKeys.find(one.key.accessKeyId);
    const row = await accessKeys.find(two.key.accessKeyId);
    if (!stolen || !row) throw new Error("both are there");
    await accessKeys.insert({ ...row, sealedSecret: stolen.sealedSecret });
    await expect(node.operators.accessKeys.find(two.key.accessKeyId)).rejects.toThrow("another row");
  });

  it("ends when it expires and when it is revoked", async () => {
    const { key } = await make({ expiresAtMs: node.fleet.clock.nowMs() + 1_000 });
    const { accessKeys } = node.operators;
    node.fleet.clock.pass(999);
    expect(await accessKeys.find(key.accessKeyId)).toBeDefined();
    node.fleet.clock.pass(1);
    expect(await accessKeys.find(key.accessKeyId)).toBeUndefined();
    const other = (await make()).key.accessKeyId;
    expect(await accessKeys.revoke(OPERATOR, other)).toBeUndefined();
    expect(await accessKeys.find(other)).toBeUndefined();
    expect(await accessKeys.revoke(OPERATOR, other)).toMatchObject({ code: "access_key_not_found" });
  });

  it("is in the log before it is made, so nobody gets one that is not", async () => {
    node.operators.audit.record = () => Promise.reject(new Error("the log is down"));
    await expect(make()).rejects.toThrow("the log is down");
    expect(must(await node.operators.accessKeys.list({ limit: 10 })).items).toEqual([]);
  });

  it("tells its last use when its user says so, and no look-up alone does", async () => {
    const { key } = await make();
    const lastUsed = async () => {
      await node.flush();
      return (await node.fleet.ports.accessKeys.find(key.accessKeyId))?.lastUsed;
    };
    const found = await node.operators.accessKeys.find(key.accessKeyId);
    expect(await lastUsed()).toBeUndefined();
    found?.noteUse("192.0.2.9");
    expect(await lastUsed()).toEqual({ atMs: node.fleet.clock.nowMs(), peer: "192.0.2.9" });
  });

  it("is sealed again when the data key is rotated, and opens before and after", async () => {
    const { key, secret } = await make();
    const sealed = async () => (await node.fleet.ports.accessKeys.find(key.accessKeyId))?.sealedSecret;
    const before = await sealed();
    must(await node.operators.keys.rotate(OPERATOR));
    while (await node.operators.keys.work(SIGNAL));
    expect(await sealed()).not.toBe(before);
    expect(await sealed()).toContain((await node.operators.keys.status()).activeDataKey);
    expect((await node.operators.accessKeys.find(key.accessKeyId))?.secret.reveal()).toBe(secret.reveal());
  });
});
