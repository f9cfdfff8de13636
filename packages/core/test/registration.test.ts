import { beforeEach, describe, expect, it } from "vitest";
import { computeMac, Secret, stringToSign } from "../src/certificate/index.ts";
import { accepted, aFleet, aNode, type Fleet, must, type Node, OPERATOR } from "./a-node.ts";
import { aRegisteringProduct, codeOf, kindsOf, logInWith, type RegisteringProduct } from "./a-registration.ts";
import { anAttempt } from "./an-attempt.ts";

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

describe("a device that is listed", () => {
  it.each(["stored", "derived"] as const)("gets its secret (%s), and logs in with it", async (secretMode) => {
    product = await aRegisteringProduct(node, { registration: "listed" }, secretMode);
    const { deviceSecret } = await product.add("lamp-1");
    const handed = accepted(await register("lamp-1"));
    expect(handed).toMatchObject({ device: product.device("lamp-1") });
    expect("deviceSecret" in handed && handed.deviceSecret.reveal()).toBe(deviceSecret);
    expect(await logInWith(node, handed)).toMatchObject({ activatedNow: true });
  });

  it("may sign by any method, with any random, the same again as well", async () => {
    await product.add("lamp-1");
    for (const signMethod of ["hmacmd5", "hmacsha1", "hmacsha256"] as const) {
      expect(codeOf(await register("lamp-1", { signMethod, random: "1" }))).toBe("ok");
      fleet.clock.pass(5_000);
    }
  });

  it("gets it again when the answer was lost, a moment later, until it is activated", async () => {
    await product.add("lamp-1");
    const first = accepted(await register("lamp-1"));
    expect(await register("lamp-1")).toMatchObject({ code: "busy", retryAfterMs: 5_000 });
    fleet.clock.pass(5_000);
    expect(accepted(await register("lamp-1"))).toEqual(first);
    accepted(await logInWith(node, first));
    fleet.clock.pass(5_000);
    expect(codeOf(await register("lamp-1"))).toBe("already_active");
  });

  it("gets it once of many registrations at once on two nodes", async () => {
    await product.add("lamp-1");
    const nodes = [node, await aNode({ fleet, nodeId: "node-2" })];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => nodes[i % 2]?.platform.registrar.register(product.request("lamp-1"))),
    );
    const codes = answers.map((answer) => answer && codeOf(answer));
    expect(codes.filter((code) => code === "ok")).toHaveLength(1);
    expect(codes.filter((code) => code === "busy")).toHaveLength(19);
  });

  it("gets its newest secret while one is rotated", async () => {
    const { device } = await product.add("lamp-1");
    const { deviceSecret } = must(await node.operators.rotations.rotate(OPERATOR, device, {}));
    const handed = accepted(await register("lamp-1"));
    expect("deviceSecret" in handed && handed.deviceSecret.reveal()).toBe(deviceSecret.reveal());
  });

  it("is told on its timeline and in the audit log, before it has the secret", async () => {
    await product.add("lamp-1");
    await register("lamp-1");
    await register("lamp-1");
    expect(await kindsOf(node, product.device("lamp-1"))).toEqual(["created", "registered", "refused"]);
    const { items } = await fleet.ports.audit.list({ action: "device.register" }, { limit: 10 });
    expect(items).toMatchObject([
      {
        actor: "device",
        peer: "192.0.2.9",
        target: `${product.productKey}/lamp-1`,
        detail: { transport: "radio", wants: "secret" },
      },
    ]);
  });

  it("gets nothing that is not in the audit log", async () => {
    await product.add("lamp-1");
    const audit = { ...fleet.ports.audit, record: () => Promise.reject(new Error("down")) };
    const broken = await aNode({ fleet, nodeId: "node-2", given: { audit } });
    expect(codeOf(await broken.platform.registrar.register(product.request("lamp-1")))).toBe("unavailable");
  });
});

describe("a registration is refused", () => {
  it("where the product has it switched off, which is the default", async () => {
    product = await aRegisteringProduct(node, {});
    await product.add("lamp-1");
    expect(codeOf(await register("lamp-1"))).toBe("registration_off");
    await node.operators.products.update(OPERATOR, product.productKey, { policy: { registration: "listed" } });
    expect(codeOf(await register("lamp-1"))).toBe("ok");
  });

  it("as of an unknown product, an unknown device, a disabled one, an activated one", async () => {
    const { device } = await product.add("lamp-1");
    expect(codeOf(await register("lamp-2"))).toBe("unknown_device");
    await node.operators.devices.disable(OPERATOR, device);
    expect(codeOf(await register("lamp-1"))).toBe("disabled");
    await node.operators.devices.enable(OPERATOR, device);
    accepted(await logInWith(node, accepted(await register("lamp-1"))));
    expect(codeOf(await register("lamp-1"))).toBe("already_active");
    await node.operators.devices.remove(OPERATOR, device);
    expect(codeOf(await register("lamp-1"))).toBe("unknown_device");
    await node.operators.products.remove(OPERATOR, product.productKey);
    expect(codeOf(await register("lamp-1"))).toBe("unknown_product");
  });

  it("by what the product's policy says: sign method, transport, certificates alone", async () => {
    await product.add("lamp-1");
    const underPolicy = async (policy: object) => {
      await node.operators.products.update(OPERATOR, product.productKey, {
        policy: { registration: "listed", ...policy },
      });
      return codeOf(await register("lamp-1"));
    };
    expect(await underPolicy({ signMethods: ["hmacsha1"] })).toBe("sign_method");
    expect(await underPolicy({ transports: ["wire"] })).toBe("not_allowed");
    expect(await underPolicy({ authType: "x509" })).toBe("not_allowed");
    expect(await underPolicy({ authType: "secret", transports: ["radio"], signMethods: ["hmacsha256"] })).toBe("ok");
  });

  it("unsigned in one and the same way, whatever the device and the switch: a stranger learns of no device", async () => {
    const { device } = await product.add("lamp-1");
    const wrong = { mac: Buffer.alloc(32) };
    const answers = [await register("lamp-1", wrong), await register("lamp-2", wrong)];
    await node.operators.devices.disable(OPERATOR, device);
    answers.push(await register("lamp-1", wrong));
    await node.operators.products.update(OPERATOR, product.productKey, { policy: {} });
    answers.push(await register("lamp-1", wrong));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: "bad_credentials" });
  });

  it("unsigned before anything is asked about the device", async () => {
    await product.add("lamp-1");
    const asked: string[] = [];
    const registry = new Proxy(fleet.ports.registry, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          asked.push(String(name));
          return (value as (...of: unknown[]) => unknown).apply(target, given);
        };
      },
    });
    const watched = await aNode({ fleet, nodeId: "node-2", given: { registry } });
    asked.length = 0;
    await watched.platform.registrar.register(product.request("lamp-1", { mac: Buffer.alloc(32) }));
    expect(asked).toEqual(["findProduct"]);
  });

  it("when one signature is used for another name, or with a DeviceSecret", async () => {
    const { deviceSecret } = await product.add("lamp-1");
    await product.add("lamp-2");
    const { mac } = product.request("lamp-1");
    expect(codeOf(await register("lamp-2", { mac }))).toBe("bad_credentials");
    const { productKey } = product;
    const text = stringToSign({ deviceName: "lamp-1", productKey, random: "8Ygb7ULYh53B6OA" });
    const signed = computeMac("hmacsha256", new Secret(deviceSecret), text);
    expect(codeOf(await register("lamp-1", { mac: signed }))).toBe("bad_credentials");
  });

  it("unheard from a network with too many wrong signatures, which count as wrong logins do", async () => {
    const limited = await aNode({ fleet, nodeId: "node-2", settings: { failuresPerPeer: 3 } });
    await product.add("lamp-1");
    const ask = (given = {}) => limited.platform.registrar.register(product.request("lamp-1", given));
    for (let tries = 0; tries < 4; tries += 1) await ask({ mac: Buffer.alloc(32) });
    expect(codeOf(await ask())).toBe("throttled");
    expect(codeOf(await ask({ peer: "198.51.100.1" }))).toBe("ok");
    const login = anAttempt({ device: product.device("lamp-1"), peer: "192.0.2.9" });
    expect(await limited.platform.authenticator.authenticate(login)).toMatchObject({ code: "throttled" });
  });

  it("over the logins of its device, which keeps its own rate for logins", async () => {
    const limited = await aNode({ fleet, nodeId: "node-2", settings: { deviceLoginsPerMinute: 2 } });
    const { deviceSecret, device } = await product.add("lamp-1");
    const ask = () => limited.platform.registrar.register(product.request("lamp-1"));
    await ask();
    await ask();
    expect(await ask()).toMatchObject({ code: "throttled" });
    const login = anAttempt({ device, deviceSecret, signed: { clientId: "x", ...device } });
    accepted(await limited.platform.authenticator.authenticate(login));
  });

  it("as unavailable while the store is down, and the fault is recorded", async () => {
    const registry = { ...fleet.ports.registry, findProduct: () => Promise.reject(new Error("down")) };
    const broken = await aNode({ fleet, nodeId: "node-2", given: { registry } });
    expect(codeOf(await broken.platform.registrar.register(product.request("lamp-1")))).toBe("unavailable");
    expect(broken.recorder.faults).toMatchObject([{ where: "register" }]);
    expect(broken.recorder.registrations).toMatchObject([{ code: "unavailable", wants: "secret" }]);
  });
});
