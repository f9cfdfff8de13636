import { beforeEach, expect, it } from "vitest";
import { accepted, aHolder, aNode, announced, aSession, must, type Node, OPERATOR } from "../../../test/a-node.ts";
import type { Session } from "../../auth/index.ts";

const STATUS = "/as/radio/status";

let node: Node;
let lost: Node;
let session: Session;

beforeEach(async () => {
  node = await aNode();
  lost = await aNode({ fleet: node.fleet, nodeId: "node-2" });
  session = await aSession(node);
  await node.fleet.ports.registry.activate(session.device, session.iotId, node.fleet.clock.nowMs());
});

const open = (on: Node, connectionId: string) =>
  on.platform.connections.open(session, { connectionId, statusTopic: STATUS }).then(accepted);

/** The node goes without a word: what it told others is told, what it remembered is gone. */
async function die(dying: Node): Promise<void> {
  await dying.flush();
  await node.fleet.ports.directory.endNode("node-2");
  node.fleet.clock.pass(1_000);
}

async function statuses() {
  await node.flush();
  return (await announced(node, session.device)).flatMap(({ status }) => status ?? []);
}

const record = () => node.fleet.ports.registry.findDevice(session.device);

it("makes the devices of a lost node offline, once, and tells so", async () => {
  await open(lost, "c1");
  await die(lost);
  expect(await node.upkeep.sweepLostNodes()).toBe(1);
  expect(await record()).toMatchObject({ status: "OFFLINE", lastOfflineAtMs: node.fleet.clock.nowMs() });
  expect(await statuses()).toEqual(["online", "offline"]);
  expect(await node.upkeep.sweepLostNodes()).toBe(0);
  expect(await statuses()).toEqual(["online", "offline"]);
  await node.flush();
  const timeline = await node.fleet.ports.timeline.list(session.device, { limit: 10 });
  expect(timeline.items.find(({ kind }) => kind === "offline")?.detail).toMatchObject({ why: "node_lost" });
});

it("leaves a device alone that connected elsewhere meanwhile", async () => {
  await open(lost, "c1");
  await die(lost);
  const { epoch } = await open(node, "c2");
  expect(await node.upkeep.sweepLostNodes()).toBe(0);
  expect(await statuses()).toEqual(["online", "online"]);
  expect(await record()).toMatchObject({ status: "ONLINE" });
  expect(await node.fleet.ports.directory.locate(session.device)).toMatchObject({ epoch });
});

it("does nothing to the devices of nodes that live", async () => {
  await open(lost, "c1");
  expect(await node.upkeep.sweepLostNodes()).toBe(0);
  expect(await statuses()).toEqual(["online"]);
});

it("finds a device again when presence could not be written", async () => {
  await open(lost, "c1");
  await die(lost);
  const registry = { ...node.fleet.ports.registry, savePresence: () => Promise.reject(new Error("down")) };
  const broken = await aNode({ fleet: node.fleet, nodeId: "node-3", given: { registry } });
  await expect(broken.upkeep.sweepLostNodes()).rejects.toThrow("down");
  expect(await node.upkeep.sweepLostNodes()).toBe(1);
  expect(await record()).toMatchObject({ status: "OFFLINE" });
});

it("gives up what it cannot read, so that nothing is swept for ever", async () => {
  const { directory } = node.fleet.ports;
  await directory.claim(session.device, { nodeId: "node-2", connectionId: "c1", about: "of another version" });
  await directory.endNode("node-2");
  expect(await node.upkeep.sweepLostNodes()).toBe(1);
  expect(await directory.locate(session.device)).toBeUndefined();
  expect(await node.upkeep.sweepLostNodes()).toBe(0);
});

it("a node that comes back closes what was taken over, keeps the rest and looks into its mailbox", async () => {
  const { device } = session;
  const { epoch } = await open(lost, "c1");
  const holder = { ...aHolder(), held: () => [{ session, epoch }] };
  lost.platform.hold(holder);
  expect(await lost.upkeep.recheckConnections()).toBe(0);
  expect(holder.asked).toEqual(["wakeAll", { wake: `${device.productKey}/${device.deviceName}` }]);
  holder.asked.length = 0;
  await open(node, "c2");
  await expect.poll(() => holder.asked).toHaveLength(1);
  holder.asked.length = 0;
  expect(await lost.upkeep.recheckConnections()).toBe(1);
  expect(holder.asked).toEqual(["wakeAll", { closeOlder: `${device.productKey}/${device.deviceName}`, epoch }]);
});

it("a node that comes back closes what was swept while it was away", async () => {
  const { epoch } = await open(lost, "c1");
  lost.platform.hold({ ...aHolder(), held: () => [{ session, epoch }] });
  await die(lost);
  await node.upkeep.sweepLostNodes();
  expect(await lost.upkeep.recheckConnections()).toBe(1);
});

it.each(["disable", "remove"] as const)(
  "a node that comes back closes a device that met %s while it heard nothing",
  async (act) => {
    const { epoch } = await open(lost, "c1");
    const holder = { ...aHolder(), held: () => [{ session, epoch }] };
    lost.platform.hold(holder);
    const bus = { ...node.fleet.ports.bus, send: async () => undefined };
    const deaf = await aNode({
      fleet: node.fleet,
      nodeId: "node-3",
      given: { bus },
      settings: { revocationTimeoutMs: 0 },
    });
    must(await deaf.operators.devices[act](OPERATOR, session.device));
    expect(holder.asked).toEqual([]);
    expect(await lost.upkeep.recheckConnections()).toBe(1);
  },
);
