import { beforeEach, describe, expect, it } from "vitest";
import { isRefusal } from "../src/auth/index.ts";
import {
  type DeviceRef,
  deriveDeviceSecret,
  derivePayloadKey,
  derivePsk,
  formatPskIdentity,
  type ProductKey,
  parsePskIdentity,
  productSeedContext,
} from "../src/certificate/index.ts";
import { keysOf, logIn, nodeWith, OLD, SIGNAL, workAll } from "./a-keyed-node.ts";
import { aFleet, type Fleet, must, type Node, OPERATOR, passUntil } from "./a-node.ts";
import { anAttempt } from "./an-attempt.ts";

let node: Node;
let fleet: Fleet;
let productKey: ProductKey;

beforeEach(async () => {
  fleet = aFleet();
  node = await nodeWith(fleet, "one", OLD);
  const made = await node.operators.products.create(OPERATOR, { name: "lamp", secretMode: "derived" });
  productKey = must(made).product.productKey;
});

async function addOne(deviceName = "device_01"): Promise<{ device: DeviceRef; secret: string }> {
  const { device, deviceSecret } = must(await node.operators.devices.add(OPERATOR, productKey, { deviceName }));
  return { device: device.device, secret: deviceSecret.reveal() };
}

async function certificate(device: DeviceRef): Promise<string> {
  return must(await node.operators.devices.certificate(OPERATOR, device)).deviceSecret.reveal();
}

describe("a product whose secrets are derived", () => {
  it("says so, and shows neither seed nor secret", async () => {
    const product = must(await node.operators.products.find(productKey));
    expect(product).toMatchObject({ secretMode: "derived" });
    expect(Object.keys(product).join()).not.toMatch(/sealed/);
    const { product: other } = must(await node.operators.products.create(OPERATOR, { name: "pump" }));
    expect(other).toMatchObject({ secretMode: "stored" });
  });

  it("stores nothing with a device, whose secret comes of the seed, its names and its version", async () => {
    const { device, secret } = await addOne();
    expect(await fleet.ports.registry.findCredentials(device)).not.toHaveProperty("sealedSecret");
    const { sealedSeed = "" } = (await fleet.ports.registry.findProduct(productKey)) ?? {};
    const seed = (await keysOf(fleet, OLD)).open(sealedSeed, productSeedContext(productKey));
    expect(secret).toBe(deriveDeviceSecret(seed, device, 1).reveal());
    expect(await certificate(device)).toBe(secret);
    expect(await logIn(node, { device, secret })).toBe("ok");
    expect(await logIn(node, { device, secret: "ga7XA6KdlEeiPXQPpRbAjOZXwG8yAbcd" })).toBe("bad_credentials");
  });

  it("rotates by a counter: both work until the second is used", async () => {
    const { device, secret } = await addOne();
    const { deviceSecret } = must(await node.operators.rotations.rotate(OPERATOR, device, {}));
    const second = deviceSecret.reveal();
    expect(second).not.toBe(secret);
    expect(await certificate(device)).toBe(second);
    expect(await logIn(node, { device, secret })).toBe("ok");
    expect(await logIn(node, { device, secret: second })).toBe("ok");
    expect(await logIn(node, { device, secret })).toBe("bad_credentials");
  });

  it("does not let a deleted device's secret in again, when a device of that name is made", async () => {
    const { device, secret } = await addOne();
    must(await node.operators.devices.remove(OPERATOR, device));
    const again = await addOne();
    expect(again.secret).not.toBe(secret);
    expect(await logIn(node, { device, secret })).toBe("bad_credentials");
    expect(await logIn(node, again)).toBe("ok");
  });

  it("gives keys for channels and sealed payloads as others do", async () => {
    const { device, secret } = await addOne();
    const { deviceSecret } = must(await node.operators.devices.certificate(OPERATOR, device));
    const identity = formatPskIdentity({ device, timestamp: "2524608000000" });
    const parsed = parsePskIdentity(identity);
    const found = await node.platform.pskKeys.find(identity);
    expect(parsed && found?.keys[0].key.equals(derivePsk(deviceSecret, parsed))).toBe(true);

    const attempt = anAttempt({ device, deviceSecret: secret, keep: "token", sealedPayloads: true });
    const session = await node.platform.authenticator.authenticate(attempt);
    if (isRefusal(session)) throw new Error(session.code);
    const token = session.token?.text.reveal() ?? "";
    const resumed = await node.platform.sessions.resume(token, { transport: "radio", peer: "192.0.2.1" });
    if (isRefusal(resumed)) throw new Error(resumed.code);
    const { key, random = "" } = resumed.sealing ?? {};
    expect(derivePayloadKey(deviceSecret, random).equals(key ?? new Uint8Array())).toBe(true);
  });

  it("registers batches and exports their certificates", async () => {
    const lines = [1, 2, 3].map((line) => ({ line, deviceName: `batch_0${line}` }));
    const { batchId } = must(await node.operators.batches.create(OPERATOR, productKey, { lines, fingerprint: "f" }));
    while (await node.operators.batches.work(SIGNAL));
    const exported = must(await node.operators.batches.certificates(OPERATOR, batchId));
    const secrets: string[] = [];
    for await (const { deviceSecret, ...device } of exported) {
      secrets.push(deviceSecret.reveal());
      expect(await logIn(node, { device, secret: deviceSecret.reveal() })).toBe("ok");
    }
    expect(new Set(secrets).size).toBe(3);
  });

  it("has its seed sealed again when keys rotate, and its secrets stay", async () => {
    const { device, secret } = await addOne();
    const before = (await fleet.ports.registry.findProduct(productKey))?.sealedSeed;
    must(await node.operators.keys.rotate(OPERATOR));
    await workAll(node);
    const after = (await fleet.ports.registry.findProduct(productKey))?.sealedSeed;
    expect(after).not.toBe(before);
    expect(await certificate(device)).toBe(secret);
  });

  it("refuses a device whose product's seed was swapped for another's as unavailable", async () => {
    const { device, secret } = await addOne();
    const other = must(await node.operators.products.create(OPERATOR, { name: "pump", secretMode: "derived" }));
    const [products] = fleet.ports.sealedRows;
    const { rows = [] } = (await products?.list({ limit: 9 })) ?? {};
    const seedOf = (key: string) => rows.find(({ context }) => context === productSeedContext(key as ProductKey));
    const [mine, theirs] = [seedOf(productKey), seedOf(other.product.productKey)];
    if (!mine || !theirs) throw new Error("both have a seed");
    await products?.replace([{ row: mine, to: theirs.sealed }]);
    expect(await logIn(node, { device, secret })).toBe("unavailable");
    await expect(certificate(device)).rejects.toThrow("another row");
  });
});

it("a product with derived secrets is not created while a live node would not understand it", async () => {
  await fleet.ports.bus.listen("older", async () => undefined as never);
  await fleet.ports.directory.renewNode("older", Number.MAX_SAFE_INTEGER);
  const create = (secretMode: "derived" | "stored") =>
    passUntil(fleet, 500, node.operators.products.create(OPERATOR, { name: "lamp", secretMode }));
  expect(await create("derived")).toMatchObject({ code: "nodes_outdated", detail: "wait for older" });
  expect(await create("stored")).toHaveProperty("productSecret");
  await fleet.ports.directory.endNode("older");
  expect(await create("derived")).toHaveProperty("productSecret");
});
