import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { aNode, must, type Node, OPERATOR } from "../../test/a-node.ts";
import { digestOfKey, keyIdOf } from "./api-key-text.ts";
import { ROLES, reachesProduct, roleCovers } from "./role.ts";

let node: Node;
beforeEach(async () => {
  node = await aNode();
});
const PEER = "192.0.2.7";
const make = async (given: object = {}) =>
  must(await node.operators.apiKeys.create(OPERATOR, { name: "app", role: "viewer", ...given }));

describe("an API key", () => {
  it("is the holder's whose text it is, and nobody's with another text", async () => {
    const { key, text } = await make();
    const { apiKeys } = node.operators;
    expect(await apiKeys.verify(text.reveal(), PEER)).toEqual({
      holder: { keyId: key.keyId, name: "app", role: "viewer", digests: [digestOfKey(text.reveal())] },
      digest: digestOfKey(text.reveal()),
    });
    const other = (await make()).text.reveal();
    const mixed = text.reveal().slice(0, 25) + other.slice(25);
    for (const wrong of [mixed, `${text.reveal()}x`, ` ${text.reveal()}`, "", "trine_", "x".repeat(10_000)])
      expect(await apiKeys.verify(wrong, PEER), wrong.slice(0, 80)).toBe("unknown");
  });

  it("does not print itself, and is different every time", async () => {
    const [one, two] = [await make(), await make()];
    expect(`${one.text} ${JSON.stringify(one)} ${inspect(one)}`).not.toContain(one.text.reveal());
    expect(one.text.reveal()).not.toBe(two.text.reveal());
    expect(keyIdOf(one.text.reveal())).toBe(one.key.keyId);
  });

  it("is in the log before it is made, so nobody gets one that is not", async () => {
    node.operators.audit.record = () => Promise.reject(new Error("the log is down"));
    await expect(make()).rejects.toThrow("the log is down");
    expect(must(await node.operators.apiKeys.list({ limit: 10 })).items).toEqual([]);
  });

  it("that is revoked has no holder any more, for requests and for sessions", async () => {
    const { key, text } = await make();
    const { apiKeys } = node.operators;
    expect(await apiKeys.holder(key.keyId)).toMatchObject({ keyId: key.keyId });
    must(await apiKeys.revoke(OPERATOR, key.keyId));
    expect(await apiKeys.verify(text.reveal(), PEER)).toBe("unknown");
    expect(await apiKeys.holder(key.keyId)).toBeUndefined();
  });
});

describe("a role", () => {
  it("covers itself and those before it", () => {
    const covered = ROLES.map((role) => ROLES.filter((needed) => roleCovers(role, needed)));
    expect(covered).toEqual([["viewer"], ["viewer", "operator"], ["viewer", "operator", "admin"]]);
  });

  it("reaches every product, unless it is limited to some", async () => {
    const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
    expect(reachesProduct({}, "whatever")).toBe(true);
    expect(reachesProduct({ products: [product.productKey] }, product.productKey)).toBe(true);
    expect(reachesProduct({ products: [product.productKey] }, `${product.productKey}x`)).toBe(false);
    expect(reachesProduct({ products: [] }, product.productKey)).toBe(false);
  });
});
