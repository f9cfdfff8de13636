import { beforeEach, describe, expect, it } from "vitest";
import { aHolder, aNode, aSession, type Node, OPERATOR, passUntil } from "../../test/a-node.ts";
import { held } from "../../test/held.ts";
import type { DeviceRef } from "../certificate/index.ts";
import type { ControlBus } from "../ports/index.ts";

let node: Node;
let device: DeviceRef;

beforeEach(async () => {
  node = await aNode({ settings: { revocationTimeoutMs: 50 } });
  device = (await aSession(node)).device;
});

const nodeWith = (given: Parameters<typeof aNode>[0] & object) =>
  aNode({ fleet: node.fleet, nodeId: "node-x", settings: { revocationTimeoutMs: 50 }, ...given });

describe("a revocation", () => {
  it("asks all live nodes at once, itself not over the bus", async () => {
    const sent: string[] = [];
    const all = held();
    const bus: ControlBus = {
      ...node.fleet.ports.bus,
      async send(nodeId) {
        sent.push(nodeId);
        if (sent.length === 2) all.release();
        await all.promise;
        return { closedSessions: 10 };
      },
    };
    for (const nodeId of ["node-2", "node-3"]) await node.fleet.ports.directory.renewNode(nodeId, 60_000);
    const own = await nodeWith({ nodeId: "node-1", given: { bus } });
    own.platform.hold(aHolder());
    const revoked = await own.operators.revocation.revoke({ device }, { close: true });
    expect(revoked).toEqual({ closedSessions: 21, nodes: 3, elapsedMs: 0 });
    expect(sent.toSorted()).toEqual(["node-2", "node-3"]);
  });

  it("asks a node that lives until it answers: it may have been away from the bus for a moment", async () => {
    let asked = 0;
    const bus: ControlBus = {
      ...node.fleet.ports.bus,
      async send() {
        asked += 1;
        return asked < 3 ? undefined : { closedSessions: 1 };
      },
    };
    await node.fleet.ports.directory.renewNode("node-away", 60_000);
    const own = await nodeWith({ nodeId: "node-1", given: { bus }, settings: { revocationTimeoutMs: 5_000 } });
    const revoked = own.operators.revocation.revoke({ device }, { close: true });
    expect(await passUntil(node.fleet, 50, revoked)).toMatchObject({ closedSessions: 1, nodes: 2 });
    expect(asked).toBe(3);
  });

  it("does not count a node that does not answer in time, and waits no longer for it", async () => {
    await node.fleet.ports.directory.renewNode("node-deaf", 60_000);
    const slow = held();
    await node.fleet.ports.bus.listen("node-slow", () => slow.promise.then(() => ({ closedSessions: 1 })));
    await node.fleet.ports.directory.renewNode("node-slow", 60_000);
    const revoked = node.operators.revocation.revoke({ device }, { close: true });
    expect(await passUntil(node.fleet, 10, revoked)).toMatchObject({ nodes: 1 });
    slow.release();
  });

  it("does not wait for a node whose lease ends meanwhile", async () => {
    await node.fleet.ports.directory.renewNode("node-dying", 60_000);
    const own = await nodeWith({ nodeId: "node-1", settings: { revocationTimeoutMs: 60_000 } });
    const revoked = own.operators.revocation.revoke({ device }, { close: true });
    await node.fleet.ports.directory.endNode("node-dying");
    expect(await passUntil(node.fleet, 50, revoked)).toMatchObject({ nodes: 1 });
  });

  it("leaves tokens and connections alone when it is to close nothing", async () => {
    let revokedTokens = 0;
    const sessions = { ...node.fleet.ports.sessions, revokeDevice: async () => (revokedTokens += 1) };
    const gentle = await nodeWith({ given: { sessions } });
    const holder = aHolder();
    gentle.platform.hold(holder);
    await gentle.operators.revocation.revoke({ device }, { close: false });
    expect([revokedTokens, holder.asked, gentle.evicted]).toEqual([0, [], [{ device }]]);
  });

  it("makes tokens void before any node forgets, so that none is read again", async () => {
    const order: string[] = [];
    const sessions = {
      ...node.fleet.ports.sessions,
      async revokeDevice() {
        order.push("tokens");
        return 0;
      },
    };
    const caches = [{ evict: () => void order.push("forget") }];
    const own = await nodeWith({ given: { sessions, caches } });
    await own.operators.revocation.revoke({ device }, { close: true });
    expect(order).toEqual(["tokens", "forget"]);
  });

  it("of a product reaches holders and caches as one target", async () => {
    const holder = aHolder();
    node.platform.hold(holder);
    const target = { productKey: device.productKey };
    await node.operators.revocation.revoke(target, { close: true });
    expect([holder.asked, node.evicted]).toEqual([[{ close: target }], [target]]);
  });

  it("asks no holder that has let go", async () => {
    const holder = aHolder();
    node.platform.hold(holder)();
    expect(await node.operators.revocation.revoke({ device }, { close: true })).toMatchObject({ closedSessions: 0 });
    expect(holder.asked).toEqual([]);
  });
});

describe("a revocation during an outage", () => {
  const down = () => Promise.reject(new Error("down"));

  it.each([
    ["the token store", () => ({ sessions: { ...node.fleet.ports.sessions, revokeDevice: down } })],
    ["the directory", () => ({ directory: { ...node.fleet.ports.directory, liveNodes: down } })],
    ["the bus", () => ({ bus: { ...node.fleet.ports.bus, send: down } })],
  ])("of %s is a fault, but this node has forgotten and closed all the same", async (_, given) => {
    const own = await nodeWith({ given: given() });
    const holder = aHolder();
    own.platform.hold(holder);
    await expect(own.operators.devices.disable(OPERATOR, device)).rejects.toThrow("down");
    await expect.poll(() => holder.asked).toContainEqual({ close: { device } });
    expect(own.evicted).toContainEqual({ device });
  });
});
