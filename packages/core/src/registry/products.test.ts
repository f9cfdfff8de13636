import { beforeEach, describe, expect, it } from "vitest";
import { aHolder, aNode, must, type Node, OPERATOR } from "../../test/a-node.ts";
import { type ProductKey, parseProductKey } from "../certificate/index.ts";
import { DEFAULT_TOPIC_CLASSES } from "../messaging/index.ts";

let node: Node;
let productKey: ProductKey;

beforeEach(async () => {
  node = await aNode();
  productKey = (await create()).product.productKey;
});

const create = async (given: { policy?: object } = {}) =>
  must(await node.operators.products.create(OPERATOR, { name: "lamp", ...given }));
const NOBODY = parseProductKey("nobody") as ProductKey;

async function audited() {
  const { items } = await node.operators.audit.list({}, { limit: 100 });
  return items.map(({ action, target, actor, peer }) => [action, target, actor, peer]).toReversed();
}

describe("a new product", () => {
  it("has a key and a secret of its own, the default topic classes, and the secret is stored sealed", async () => {
    const { product, productSecret } = await create({ policy: { transports: ["radio"] } });
    expect(product).toMatchObject({ name: "lamp", nodeType: "device", policy: { transports: ["radio"] } });
    expect(product.topicClasses).toEqual(DEFAULT_TOPIC_CLASSES);
    expect(product.productKey).not.toBe(productKey);
    expect(productSecret.reveal()).toMatch(/^[A-Za-z0-9]{16}$/);
    const stored = await node.fleet.ports.registry.findProduct(product.productKey);
    expect(stored?.sealedSecret).not.toContain(productSecret.reveal());
    expect(product).not.toHaveProperty("sealedSecret");
  });

  it("draws another key when one is taken, and gives up on a registry that takes none", async () => {
    const { registry } = node.fleet.ports;
    const inserted: string[] = [];
    const picky = (accept: number) => ({
      ...registry,
      insertProduct: async (product: { productKey: string }) => inserted.push(product.productKey) >= accept,
    });
    const second = await aNode({ nodeId: "node-2", given: { registry: picky(3) } });
    const { product } = must(await second.operators.products.create(OPERATOR, { name: "lamp" }));
    expect(product.productKey).toBe(inserted[2]);
    expect(new Set(inserted).size).toBe(3);
    const third = await aNode({ nodeId: "node-3", given: { registry: picky(Number.POSITIVE_INFINITY) } });
    await expect(third.operators.products.create(OPERATOR, { name: "lamp" })).rejects.toThrow("all taken");
  });
});

describe("a change of a product", () => {
  it("is forgotten by every node before its caller is answered, and closes what was let in before", async () => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const holders = [node, there].map((each) => {
      const holder = aHolder();
      each.platform.hold(holder);
      return holder;
    });
    const policy = { signMethods: ["hmacsha256" as const] };
    expect(must(await node.operators.products.update(OPERATOR, productKey, { policy }))).toMatchObject({
      product: { policy },
      closedSessions: 2,
      nodes: 2,
    });
    expect([node.evicted, there.evicted]).toEqual([[{ productKey }], [{ productKey }]]);
    expect(holders.flatMap(({ asked }) => asked)).toEqual([{ close: { productKey } }, { close: { productKey } }]);
  });

  it("that leaves policy and topics as they were closes nothing", async () => {
    const holder = aHolder();
    node.platform.hold(holder);
    const { product } = must(await node.operators.products.update(OPERATOR, productKey, { name: "bulb", policy: {} }));
    must(await node.operators.products.setTopics(OPERATOR, productKey, product.topicClasses));
    expect(holder.asked).toEqual([]);
  });

  it("of topic classes replaces them, unless one is wrong", async () => {
    const { products } = node.operators;
    const classes = [{ suffix: "a/+", permission: "all" as const }];
    expect(must(await products.setTopics(OPERATOR, productKey, classes)).product.topicClasses).toEqual(classes);
    const wrong = [{ suffix: "a b", permission: "all" as const }];
    expect(await products.setTopics(OPERATOR, productKey, wrong)).toMatchObject({
      code: "invalid",
      field: "topics.0.suffix",
    });
    expect(must(await products.find(productKey)).topicClasses).toEqual(classes);
    expect(node.evicted).toHaveLength(1);
  });

  it("is audited, and a read is not", async () => {
    const { products } = node.operators;
    await products.update(OPERATOR, productKey, { name: "bulb" });
    await products.setTopics(OPERATOR, productKey, []);
    await products.find(productKey);
    await products.list({ limit: 10 });
    await products.remove(OPERATOR, productKey);
    expect(await audited()).toEqual(
      ["create", "update", "topics", "delete"].map((act) => [`product.${act}`, productKey, "alice", "192.0.2.7"]),
    );
  });
});

describe("a product that goes", () => {
  it("must have no devices", async () => {
    const { products, devices } = node.operators;
    const { device } = must(await devices.add(OPERATOR, productKey, {}));
    expect(await products.remove(OPERATOR, productKey)).toMatchObject({ code: "product_has_devices" });
    must(await devices.remove(OPERATOR, device.device));
    expect(await products.remove(OPERATOR, productKey)).toBeUndefined();
    expect(await products.find(productKey)).toMatchObject({ code: "product_not_found" });
  });
});

it("a product that is not there is a problem, in every act on it, and is not audited", async () => {
  const { products } = node.operators;
  const before = await audited();
  const outcomes = [
    await products.find(NOBODY),
    await products.update(OPERATOR, NOBODY, { name: "x" }),
    await products.setTopics(OPERATOR, NOBODY, []),
    await products.remove(OPERATOR, NOBODY),
  ];
  expect(outcomes).toMatchObject(outcomes.map(() => ({ code: "product_not_found" })));
  expect(await audited()).toEqual(before);
});

it("a list comes in pages without secrets, and a foreign cursor is a problem", async () => {
  const { products } = node.operators;
  for (let more = 0; more < 2; more += 1) await create();
  const first = must(await products.list({ limit: 2 }));
  expect(first.items).toHaveLength(2);
  for (const item of first.items) expect(item).not.toHaveProperty("sealedSecret");
  const rest = must(await products.list({ limit: 2, cursor: first.nextCursor ?? "" }));
  expect(rest.items).toHaveLength(1);
  expect(await products.list({ limit: 2, cursor: "?" })).toMatchObject({ code: "cursor_invalid", field: "cursor" });
});
