import { beforeEach, describe, expect, it } from "vitest";
import { isRefusal } from "../src/auth/index.ts";
import { accepted, aFleet, aNode, announced, type Fleet, must, type Node, OPERATOR } from "./a-node.ts";
import { aRegisteringProduct, codeOf, kindsOf, logInWith, type RegisteringProduct } from "./a-registration.ts";

let fleet: Fleet;
let node: Node;
let product: RegisteringProduct;

beforeEach(async () => {
  fleet = aFleet();
  node = await aNode({ fleet });
  product = await aRegisteringProduct(node);
});

const register = (...given: Parameters<RegisteringProduct["request"]>) =>
  node.platform.registrar.register(product.request(...given));

describe("a device that is not listed, of a product that is open", () => {
  beforeEach(async () => {
    product = await aRegisteringProduct(node, { registration: "open" });
  });

  it.each(["stored", "derived"] as const)("is added and gets its secret (%s)", async (secretMode) => {
    product = await aRegisteringProduct(node, { registration: "open" }, secretMode);
    accepted(await logInWith(node, accepted(await register("lamp-1"))));
    expect(await kindsOf(node, product.device("lamp-1"))).toEqual(["created", "registered", "activated"]);
    expect(await announced(node, product.device("lamp-1"))).toMatchObject([
      { action: "create", productKey: product.productKey, deviceName: "lamp-1" },
    ]);
  });

  it("is told of when it is added, also when nothing can be handed out then", async () => {
    const registry = { ...fleet.ports.registry, noteRegistration: () => Promise.reject(new Error("down")) };
    const broken = await aNode({ fleet, nodeId: "node-2", given: { registry } });
    expect(codeOf(await broken.platform.registrar.register(product.request("lamp-1")))).toBe("unavailable");
    await broken.flush();
    expect(await kindsOf(node, product.device("lamp-1"))).toEqual(["created"]);
    expect(await announced(node, product.device("lamp-1"))).toMatchObject([{ action: "create" }]);
    const { items } = await fleet.ports.audit.list({ action: "device.add" }, { limit: 10 });
    expect(items).toMatchObject([{ actor: "device", target: `${product.productKey}/lamp-1` }]);
    expect(codeOf(await register("lamp-1"))).toBe("ok");
  });

  it("is added once by many at once on two nodes, and one of them gets the secret", async () => {
    const nodes = [node, await aNode({ fleet, nodeId: "node-2" })];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => nodes[i % 2]?.platform.registrar.register(product.request("lamp-1"))),
    );
    expect(answers.filter((answer) => answer && codeOf(answer) === "ok")).toHaveLength(1);
    expect(await announced(node, product.device("lamp-1"))).toHaveLength(1);
  });

  it("needs a name of the list, where there is one; devices that exist do not", async () => {
    const { productKey } = product;
    await product.add("gate-1");
    const list = { names: ["lamp-1"], prefixes: ["pump-"] };
    expect(must(await node.operators.registrationLists.replace(OPERATOR, productKey, list))).toEqual({
      names: 1,
      prefixes: 1,
    });
    const codes = async (...names: string[]) => {
      const answers: string[] = [];
      for (const name of names) answers.push(codeOf(await register(name)));
      return answers;
    };
    expect(await codes("lamp-1", "lamp-2", "pump-7", "gate-1", "gate-2")).toEqual([
      "ok",
      "unknown_device",
      "ok",
      "ok",
      "unknown_device",
    ]);
    must(await node.operators.registrationLists.remove(OPERATOR, productKey));
    expect(await codes("lamp-2")).toEqual(["ok"]);
  });

  it("gets a device token where it asks for one, which opens its login under the clientId that came with it", async () => {
    const handed = accepted(await register("lamp-1", { wants: "token" }));
    if (!("deviceToken" in handed)) throw new Error("a token was asked for");
    expect(handed.deviceToken.reveal()).toMatch(/^[0-9a-f]{40}$/);
    expect(await logInWith(node, handed, "another")).toMatchObject({ code: "bad_credentials" });
    expect(await logInWith(node, handed)).toMatchObject({ activatedNow: true, clientId: handed.clientId });
    expect(await logInWith(node, handed)).toMatchObject({ activatedNow: false });
    expect(codeOf(await register("lamp-1", { wants: "token" }))).toBe("already_active");
  });

  it("has a token that ends with what it logs in by: disabled, rotated, deleted, or kept out by the policy", async () => {
    const { productKey } = product;
    const handed = accepted(await register("lamp-1", { wants: "token" }));
    accepted(await logInWith(node, handed));
    const { devices, products, rotations } = node.operators;
    const codeAfter = async (act: Promise<unknown>) => {
      await act;
      const outcome = await logInWith(node, handed);
      return isRefusal(outcome) ? outcome.code : "ok";
    };
    const policy = { registration: "open" } as const;
    expect(await codeAfter(devices.disable(OPERATOR, handed.device))).toBe("disabled");
    expect(await codeAfter(devices.enable(OPERATOR, handed.device))).toBe("ok");
    const only = { ...policy, authType: "x509" } as const;
    expect(await codeAfter(products.update(OPERATOR, productKey, { policy: only }))).toBe("not_allowed");
    const sha1 = { ...policy, signMethods: ["hmacsha1"] } as const;
    expect(await codeAfter(products.update(OPERATOR, productKey, { policy: sha1 }))).toBe("ok");
    expect(await codeAfter(rotations.rotate(OPERATOR, handed.device, { graceSeconds: 60 }))).toBe("ok");
    expect(await codeAfter(rotations.rotate(OPERATOR, handed.device, { graceSeconds: 0 }))).toBe("bad_credentials");
    await products.update(OPERATOR, productKey, { policy });
    await devices.remove(OPERATOR, handed.device);
    accepted(await register("lamp-1", { wants: "token" }));
    expect(await codeAfter(Promise.resolve())).toBe("bad_credentials");
  });

  it("gets no token where only listed devices may register", async () => {
    product = await aRegisteringProduct(node);
    await product.add("lamp-1");
    expect(codeOf(await register("lamp-1", { wants: "token" }))).toBe("registration_off");
  });
});

describe("the switch of a product", () => {
  it("leaves its devices connected and their tokens valid", async () => {
    const { operators, evicted } = node;
    const before = must(await operators.products.find(product.productKey));
    evicted.length = 0;
    const after = must(
      await operators.products.update(OPERATOR, product.productKey, { policy: { registration: "open" } }),
    );
    expect(after.product.policyVersion).toBe(before.policyVersion);
    expect(after.product.policy).toEqual({ registration: "open" });
    expect(evicted).toEqual([{ productKey: product.productKey }]);
  });
});

describe("a list of names", () => {
  it.each([
    [{ names: [], prefixes: [] }, "names"],
    [{ names: ["lamp-1", "x"], prefixes: [] }, "names.1"],
    [{ names: ["lamp-1"], prefixes: ["a", "a b"] }, "prefixes.1"],
    [{ names: ["lamp-1"], prefixes: [""] }, "prefixes.0"],
    [{ names: [], prefixes: Array.from({ length: 1_001 }, (_, i) => `p${i}`) }, "prefixes"],
    [{ names: Array.from({ length: 100_001 }, (_, i) => `name-${i}`), prefixes: [] }, "names"],
  ])("is refused by the field that is wrong", async (list, field) => {
    expect(await node.operators.registrationLists.replace(OPERATOR, product.productKey, list)).toMatchObject({
      code: "invalid",
      field,
    });
  });

  it("is audited when it is put and taken away, and is of a product that exists", async () => {
    const { registrationLists } = node.operators;
    const { productKey } = product;
    await registrationLists.replace(OPERATOR, productKey, { names: ["lamp-1", "lamp-1"], prefixes: [] });
    expect(must(await registrationLists.list(productKey, { limit: 10 })).items).toEqual([
      { name: "lamp-1", isPrefix: false },
    ]);
    await registrationLists.remove(OPERATOR, productKey);
    const { items } = await fleet.ports.audit.list({ target: productKey }, { limit: 2 });
    expect(items.map(({ action }) => action)).toEqual(["registration.names_removed", "registration.names"]);
    await node.operators.products.remove(OPERATOR, productKey);
    const gone = { code: "product_not_found" };
    expect(await registrationLists.replace(OPERATOR, productKey, { names: ["lamp-1"], prefixes: [] })).toMatchObject(
      gone,
    );
    expect(await registrationLists.list(productKey, { limit: 1 })).toMatchObject(gone);
    expect(await registrationLists.remove(OPERATOR, productKey)).toMatchObject(gone);
  });
});
