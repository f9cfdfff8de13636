import { beforeEach, describe, expect, it } from "vitest";
import { aHolder, aNode, announced, must, NOW_MS, type Node, OPERATOR } from "../../test/a-node.ts";
import { aDevice } from "../../test/an-attempt.ts";
import { type DeviceRef, deviceKey, type ProductKey, parseProductKey } from "../certificate/index.ts";
import type { SessionRecord } from "../ports/index.ts";

let node: Node;
let productKey: ProductKey;

beforeEach(async () => {
  node = await aNode();
  productKey = must(await node.operators.products.create(OPERATOR, { name: "lamp" })).product.productKey;
});

const add = async (given: { deviceName?: string; nickname?: string; tags?: Record<string, string> } = {}) =>
  must(await node.operators.devices.add(OPERATOR, productKey, { deviceName: "device_01", ...given }));

async function audited() {
  const { items } = await node.operators.audit.list({}, { limit: 100 });
  return items.toReversed().filter(({ action }) => !action.startsWith("product."));
}

const lifecycle = async (device: DeviceRef) => (await announced(node, device)).map(({ action }) => action);

describe("a new device", () => {
  it("gets the triple: the secret once in clear, and only sealed in the store", async () => {
    const { device, deviceSecret } = await add({ nickname: "lamp", tags: { floor: "1" } });
    expect(device).toMatchObject({ status: "UNACTIVE", nickname: "lamp", tags: { floor: "1" }, createdAtMs: NOW_MS });
    expect(device.iotId).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(deviceSecret.reveal()).toMatch(/^[A-Za-z0-9]{32}$/);
    const stored = await node.fleet.ports.registry.findCredentials(device.device);
    expect(stored?.sealedSecret).not.toContain(deviceSecret.reveal());
    const certificate = must(await node.operators.devices.certificate(OPERATOR, device.device));
    expect(certificate).toMatchObject(device.device);
    expect(certificate.deviceSecret.reveal()).toBe(deviceSecret.reveal());
  });

  it("without a name gets one that nobody has", async () => {
    const { registry } = node.fleet.ports;
    const asked: string[] = [];
    const insertDevices: typeof registry.insertDevices = async (key, devices) => {
      const names = devices.map(({ device }) => device.deviceName);
      asked.push(...names);
      return asked.length < 3 ? { taken: names } : registry.insertDevices(key, devices);
    };
    const unlucky = await aNode({
      fleet: node.fleet,
      nodeId: "node-2",
      given: { registry: { ...registry, insertDevices } },
    });
    const { device } = must(await unlucky.operators.devices.add(OPERATOR, productKey, {}));
    expect(device.device.deviceName).toBe(asked[2]);
    expect(new Set(asked).size).toBe(3);
    const certificate = must(await unlucky.operators.devices.certificate(OPERATOR, device.device));
    expect(certificate.deviceSecret.reveal()).toHaveLength(32);
  });

  it("is refused under a name that is taken or is none, or in a product that is not there", async () => {
    const first = await add();
    const { devices } = node.operators;
    expect(await devices.add(OPERATOR, productKey, { deviceName: "device_01" })).toMatchObject({ code: "name_taken" });
    for (const deviceName of ["abc", "x".repeat(33), "a b c d", ""]) {
      expect(await devices.add(OPERATOR, productKey, { deviceName })).toMatchObject({
        code: "invalid",
        field: "deviceName",
      });
    }
    const nobody = parseProductKey("nobody") as ProductKey;
    expect(await devices.add(OPERATOR, nobody, {})).toMatchObject({ code: "product_not_found" });
    const kept = must(await devices.certificate(OPERATOR, first.device.device));
    expect(kept.deviceSecret.reveal()).toBe(first.deviceSecret.reveal());
  });

  it("is announced without its secret", async () => {
    const { device, deviceSecret } = await add();
    const bodies = await announced(node, device.device);
    expect(bodies).toEqual([{ action: "create", iotId: device.iotId, ...device.device, messageCreateTime: NOW_MS }]);
    expect(JSON.stringify(bodies)).not.toContain(deviceSecret.reveal());
  });
});

describe("a device that is disabled", () => {
  it("is closed on every node, its tokens are void, and the counts say so", async () => {
    const { device } = (await add()).device;
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const holders = [node, there].map((each) => {
      const holder = aHolder();
      each.platform.hold(holder);
      return holder;
    });
    await node.fleet.ports.sessions.save("hash", aToken(device), 16);
    const revoked = must(await node.operators.devices.disable(OPERATOR, device));
    expect(revoked).toEqual({ closedSessions: 3, nodes: 2, elapsedMs: 0 });
    expect(holders.map(({ asked }) => asked)).toEqual([[{ close: { device } }], [{ close: { device } }]]);
    expect([node.evicted, there.evicted]).toEqual([[{ device }], [{ device }]]);
    expect(await node.fleet.ports.sessions.find("hash")).toBeUndefined();
    expect(must(await node.operators.devices.find(device)).status).toBe("DISABLE");
  });

  it("is disabled in the registry before any node is told", async () => {
    const { device } = (await add()).device;
    let seen: boolean | undefined;
    node.platform.hold({
      ...aHolder(),
      async close() {
        seen = (await node.fleet.ports.registry.findCredentials(device))?.disabled;
        return 0;
      },
    });
    must(await node.operators.devices.disable(OPERATOR, device));
    expect(seen).toBe(true);
  });

  it("and enabled again is let in, without anything being closed", async () => {
    const { device } = (await add()).device;
    must(await node.operators.devices.disable(OPERATOR, device));
    const holder = aHolder();
    node.platform.hold(holder);
    expect(must(await node.operators.devices.enable(OPERATOR, device)).closedSessions).toBe(0);
    expect(holder.asked).toEqual([]);
    expect(node.evicted).toHaveLength(2);
    expect((await node.fleet.ports.registry.findCredentials(device))?.disabled).toBe(false);
    expect(await lifecycle(device)).toEqual(["create", "disable", "enable"]);
  });

  it("is closed although the audit log is down, and the operator learns of the outage", async () => {
    const { device } = (await add()).device;
    const audit = { ...node.fleet.ports.audit, record: () => Promise.reject(new Error("audit is down")) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { audit } });
    const holder = aHolder();
    broken.platform.hold(holder);
    await expect(broken.operators.devices.disable(OPERATOR, device)).rejects.toThrow("audit is down");
    await expect.poll(() => holder.asked).toEqual([{ close: { device } }]);
  });
});

describe("a device that is kicked", () => {
  it("loses connections and tokens, and stays enabled", async () => {
    const { device } = (await add()).device;
    node.platform.hold(aHolder());
    await node.fleet.ports.sessions.save("hash", aToken(device), 16);
    expect(must(await node.operators.devices.kick(OPERATOR, device)).closedSessions).toBe(2);
    expect(await node.fleet.ports.sessions.find("hash")).toBeUndefined();
    expect((await node.fleet.ports.registry.findCredentials(device))?.disabled).toBe(false);
  });
});

describe("a device that is deleted", () => {
  it("is closed everywhere, and leaves neither tokens nor mail nor subscriptions for a device of its name", async () => {
    const { device, iotId } = (await add()).device;
    const holder = aHolder();
    node.platform.hold(holder);
    const { sessions, subscriptions, mailbox } = node.fleet.ports;
    await sessions.save("hash", aToken(device), 16);
    await subscriptions.add(device, [{ filter: "/a", qos: 1 }]);
    const topic = `/${deviceKey(device)}/user/get`;
    await node.operators.downlink.send(device, { topic, payload: Buffer.from("1"), qos: 1, ttlMs: 60_000 });
    expect(must(await node.operators.devices.remove(OPERATOR, device)).closedSessions).toBe(2);
    expect(holder.asked).toEqual([{ close: { device } }]);
    expect(await sessions.find("hash")).toBeUndefined();
    expect(await subscriptions.load(device)).toBeUndefined();
    expect(await mailbox.pending(device, { limit: 10, nowMs: NOW_MS })).toEqual([]);
    expect(await node.operators.devices.find(device)).toMatchObject({ code: "device_not_found" });
    expect((await announced(node, device)).at(-1)).toMatchObject({ action: "delete", iotId });
    expect((await add()).device.iotId).not.toBe(iotId);
  });
});

describe("the audit log", () => {
  it("has every change and every read of a certificate, and no secret", async () => {
    const { device, deviceSecret } = await add();
    const { devices } = node.operators;
    await devices.find(device.device);
    await devices.list(productKey, {}, { limit: 10 });
    await devices.update(OPERATOR, device.device, { nickname: "bulb" });
    await devices.certificate(OPERATOR, device.device);
    await devices.disable(OPERATOR, device.device);
    await devices.enable(OPERATOR, device.device);
    await devices.kick(OPERATOR, device.device);
    await devices.remove(OPERATOR, device.device);
    const entries = await audited();
    expect(entries.map(({ action }) => action)).toEqual([
      "device.add",
      "device.update",
      "certificate.read",
      "device.disable",
      "device.enable",
      "device.kick",
      "device.delete",
    ]);
    for (const { target, actor, peer } of entries) {
      expect([target, actor, peer]).toEqual([deviceKey(device.device), "alice", "192.0.2.7"]);
    }
    expect(JSON.stringify(entries)).not.toContain(deviceSecret.reveal());
  });

  it("must take the read of a certificate before the secret is handed out", async () => {
    const { device } = (await add()).device;
    const audit = { ...node.fleet.ports.audit, record: () => Promise.reject(new Error("audit is down")) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { audit } });
    await expect(broken.operators.devices.certificate(OPERATOR, device)).rejects.toThrow("audit is down");
  });
});

it("a device that is not there is a problem in every act on it, and is not audited", async () => {
  const { devices } = node.operators;
  const nobody = aDevice("device_99", productKey);
  const outcomes = [
    await devices.find(nobody),
    await devices.update(OPERATOR, nobody, { nickname: "x" }),
    await devices.remove(OPERATOR, nobody),
    await devices.certificate(OPERATOR, nobody),
    await devices.disable(OPERATOR, nobody),
    await devices.enable(OPERATOR, nobody),
    await devices.kick(OPERATOR, nobody),
  ];
  expect(outcomes).toMatchObject(outcomes.map(() => ({ code: "device_not_found" })));
  expect(await audited()).toEqual([]);
});

it("a change stands although it could not be announced, and the fault is recorded", async () => {
  const fault = new Error("log is down");
  const uplinkLog = { ...node.fleet.ports.uplinkLog, append: () => Promise.reject(fault) };
  const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog } });
  must(await broken.operators.devices.add(OPERATOR, productKey, { deviceName: "device_01" }));
  expect(broken.recorder.faults).toEqual([{ where: "announce_lifecycle", error: fault }]);
});

it("a list knows its product, filters and pages, and a foreign cursor is a problem", async () => {
  for (const deviceName of ["lamp_1", "lamp_2", "pump_1"]) await add({ deviceName });
  const { devices } = node.operators;
  const first = must(await devices.list(productKey, { namePrefix: "lamp" }, { limit: 1 }));
  expect(first.items.map(({ device }) => device.deviceName)).toEqual(["lamp_1"]);
  const rest = must(
    await devices.list(productKey, { namePrefix: "lamp" }, { limit: 5, cursor: first.nextCursor ?? "" }),
  );
  expect(rest.items.map(({ device }) => device.deviceName)).toEqual(["lamp_2"]);
  expect(await devices.list(productKey, {}, { limit: 5, cursor: "?" })).toMatchObject({ code: "cursor_invalid" });
  const nobody = parseProductKey("nobody") as ProductKey;
  expect(await devices.list(nobody, {}, { limit: 5 })).toMatchObject({ code: "product_not_found" });
});

function aToken(device: DeviceRef): SessionRecord {
  return {
    sessionId: "s",
    device,
    iotId: "iot",
    secretVersion: 1,
    transport: "radio",
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 60_000,
  };
}
