import { beforeEach, describe, expect, it } from "vitest";
import { accepted, aHolder, aNode, announced, aSession, NOW_MS, type Node, uplinkOf } from "../../../test/a-node.ts";
import { held } from "../../../test/held.ts";
import type { Session } from "../../auth/index.ts";
import { deviceKey } from "../../certificate/index.ts";

let node: Node;
let session: Session;

beforeEach(async () => {
  node = await aNode();
  session = await aSession(node);
  await node.fleet.ports.registry.activate(session.device, session.iotId, NOW_MS);
});

const STATUS = "/as/radio/status";
const open = (on = node, connectionId = "c1") =>
  on.platform.connections.open(session, { connectionId, statusTopic: STATUS }).then(accepted);
const close = (epoch: number, on = node, connectionId = "c1") =>
  on.platform.connections.close(session, { connectionId, epoch, statusTopic: STATUS, why: "gone" });

/** `online` and `offline` as the log tells them, in its order. */
async function statuses() {
  return (await announced(node, session.device)).flatMap(({ status }) => status ?? []);
}

const record = () => node.fleet.ports.registry.findDevice(session.device);

describe("a connection that opens", () => {
  it("is where the device is found, and makes it online", async () => {
    const { epoch } = await open();
    expect(await node.fleet.ports.directory.locate(session.device)).toMatchObject({
      nodeId: "node-1",
      connectionId: "c1",
      epoch,
    });
    await node.flush();
    expect(await record()).toMatchObject({ status: "ONLINE", lastOnlineAtMs: NOW_MS, lastPeer: "192.0.2.1" });
  });

  it("is announced with address and time, on the topic of its adapter", async () => {
    await open();
    await node.flush();
    const [item] = (await uplinkOf(node, session.device)).filter(({ topic }) => topic === STATUS);
    expect(JSON.parse(item?.payload.toString() ?? "")).toEqual({
      status: "online",
      iotId: session.iotId,
      ...session.device,
      time: "2023-11-14 22:13:20.123",
      utcTime: "2023-11-14T22:13:20.123Z",
      lastTime: "2023-11-14 22:13:20.123",
      utcLastTime: "2023-11-14T22:13:20.123Z",
      clientIp: "192.0.2.1",
    });
  });

  it("has the older one closed on its own node", async () => {
    const holder = aHolder();
    node.platform.hold(holder);
    const first = await open();
    expect(holder.asked).toEqual([]);
    const second = await open(node, "c2");
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(holder.asked).toEqual([{ closeOlder: deviceKey(session.device), epoch: first.epoch }]);
  });

  it("has the older one closed on another node, and on no third one", async () => {
    const [there, third] = [
      await aNode({ fleet: node.fleet, nodeId: "node-2" }),
      await aNode({ fleet: node.fleet, nodeId: "node-3" }),
    ];
    const holders = [node, there, third].map((each) => {
      const holder = aHolder();
      each.platform.hold(holder);
      return holder;
    });
    const { epoch } = await open(there);
    await open();
    const asked = { closeOlder: deviceKey(session.device), epoch };
    await expect.poll(() => holders.map((holder) => holder.asked)).toEqual([[], [asked], []]);
  });

  it("does not wait for the older one to be closed, nor for the announcement", async () => {
    const gate = held();
    const uplinkLog = { ...node.fleet.ports.uplinkLog, append: () => gate.promise };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog } });
    const holder = { ...aHolder(), closeOlder: () => gate.promise.then(() => 1) };
    slow.platform.hold(holder);
    await open(slow);
    await open(slow, "c2");
    gate.release();
    await slow.flush();
  });

  it("records what fails after the claim, and fails itself only when it cannot claim", async () => {
    const fault = new Error("down");
    const uplinkLog = { ...node.fleet.ports.uplinkLog, append: () => Promise.reject(fault) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog } });
    broken.platform.hold({ ...aHolder(), closeOlder: () => Promise.reject(fault) });
    await open(broken);
    await open(broken, "c2");
    await broken.flush();
    expect(new Set(broken.recorder.faults.map(({ where }) => where))).toEqual(
      new Set(["announce_status", "close_replaced"]),
    );
    const directory = { ...node.fleet.ports.directory, claim: () => Promise.reject(fault) };
    const lost = await aNode({ fleet: node.fleet, nodeId: "node-3", given: { directory } });
    await expect(open(lost)).rejects.toThrow("down");
  });
});

describe("a connection that ends", () => {
  it("gives the device up, and makes it offline", async () => {
    const { epoch } = await open();
    node.fleet.clock.pass(1_000);
    await close(epoch);
    await node.flush();
    expect(await node.fleet.ports.directory.locate(session.device)).toBeUndefined();
    expect(await record()).toMatchObject({
      status: "OFFLINE",
      lastOnlineAtMs: NOW_MS,
      lastOfflineAtMs: NOW_MS + 1_000,
    });
    expect(await statuses()).toEqual(["online", "offline"]);
  });

  it("changes nothing when a newer one took over, whichever node it is on", async () => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const first = await open(there);
    const second = await open(node, "c2");
    await close(first.epoch, there);
    await there.flush();
    await node.flush();
    expect(await node.fleet.ports.directory.locate(session.device)).toMatchObject({ epoch: second.epoch });
    expect(await record()).toMatchObject({ status: "ONLINE" });
    expect(await statuses()).toEqual(["online", "online"]);
  });

  it("is announced after its own beginning, however slow that was", async () => {
    const gate = held();
    const { uplinkLog } = node.fleet.ports;
    let appends = 0;
    const append: typeof uplinkLog.append = async (message) => {
      appends += 1;
      if (appends === 1) await gate.promise;
      return uplinkLog.append(message);
    };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog: { ...uplinkLog, append } } });
    const { epoch } = await open(slow);
    await close(epoch, slow);
    expect(appends).toBe(1);
    gate.release();
    await slow.flush();
    expect(await statuses()).toEqual(["online", "offline"]);
  });

  it("makes the device offline even when the directory is down, and does not throw", async () => {
    const fault = new Error("directory is down");
    const directory = { ...node.fleet.ports.directory, release: () => Promise.reject(fault) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory } });
    const { epoch } = await open(broken);
    await close(epoch, broken);
    await broken.flush();
    expect(await record()).toMatchObject({ status: "OFFLINE" });
    expect(broken.recorder.faults).toContainEqual({ where: "release_device", error: fault });
    expect(await statuses()).toEqual(["online"]);
  });

  it("bears the time at which it ended, however late the directory hears of it", async () => {
    const { directory } = node.fleet.ports;
    const release: typeof directory.release = async (...given) => {
      node.fleet.clock.pass(1_000);
      return directory.release(...given);
    };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory: { ...directory, release } } });
    const { epoch } = await open(slow);
    await close(epoch, slow);
    await slow.flush();
    expect(await record()).toMatchObject({ status: "OFFLINE", lastOfflineAtMs: NOW_MS });
  });

  it("is announced once, when the directory is back", async () => {
    const { directory } = node.fleet.ports;
    let isDown = true;
    const release: typeof directory.release = async (...given) => {
      if (!isDown) return directory.release(...given);
      // It was carried out, and could not be answered.
      await directory.release(...given);
      throw new Error("down");
    };
    const cut = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory: { ...directory, release } } });
    const { epoch } = await open(cut);
    await close(epoch, cut);
    await cut.flush();
    expect(await statuses()).toEqual(["online"]);
    isDown = false;
    await cut.flush();
    await cut.flush();
    expect(await statuses()).toEqual(["online", "offline"]);
  });

  it("is not announced when the directory is back, if the device has come back elsewhere meanwhile", async () => {
    const { directory } = node.fleet.ports;
    let isDown = true;
    const release: typeof directory.release = (...given) =>
      isDown ? Promise.reject(new Error("down")) : directory.release(...given);
    const cut = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory: { ...directory, release } } });
    const { epoch } = await open(cut);
    await close(epoch, cut);
    await open(node, "c2");
    isDown = false;
    await cut.flush();
    await node.flush();
    expect(await statuses()).toEqual(["online", "online"]);
    expect(await record()).toMatchObject({ status: "ONLINE" });
  });
});

describe("many connections that end at once", () => {
  /** A node whose directory takes as long over each end as `answer`. */
  async function aNodeWith(answer: () => Promise<unknown>) {
    const { directory } = node.fleet.ports;
    let asked = 0;
    const release: typeof directory.release = async (...given) => {
      asked += 1;
      await answer();
      return directory.release(...given);
    };
    const busy = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory: { ...directory, release } } });
    return { busy, asked: () => asked };
  }

  const closeMany = (on: Node, epoch: number) => Promise.all(Array.from({ length: 100 }, () => close(epoch, on)));

  it("are told to the directory a few at a time, so that logins do not wait behind all of them", async () => {
    const gate = held();
    const { busy, asked } = await aNodeWith(() => gate.promise);
    const { epoch } = await open(busy);
    const closed = closeMany(busy, epoch);
    expect(asked()).toBe(32);
    await open(node, "c2");
    gate.release();
    await closed;
    expect(asked()).toBe(100);
  });

  it("do not wait, each its turn, for a directory that does not answer", async () => {
    const gate = held();
    let isDown = true;
    const { busy, asked } = await aNodeWith(() =>
      gate.promise.then(() => (isDown ? Promise.reject(new Error("down")) : undefined)),
    );
    const { epoch } = await open(busy);
    const closed = closeMany(busy, epoch);
    gate.release();
    await closed;
    expect(asked()).toBe(32);
    isDown = false;
    await busy.flush();
    expect(await node.fleet.ports.directory.locate(session.device)).toBeUndefined();
    expect((await statuses()).filter((status) => status === "offline")).toHaveLength(1);
  });
});

describe("an announcement that the log does not take", () => {
  it("is made again, before what came after it, and once", async () => {
    const { uplinkLog } = node.fleet.ports;
    let isDown = true;
    const append: typeof uplinkLog.append = (...given) =>
      isDown ? Promise.reject(new Error("down")) : uplinkLog.append(...given);
    const cut = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog: { ...uplinkLog, append } } });
    const { epoch } = await open(cut);
    await close(epoch, cut);
    await cut.flush();
    expect(await statuses()).toEqual([]);
    isDown = false;
    await cut.flush();
    await cut.flush();
    expect(await statuses()).toEqual(["online", "offline"]);
  });
});
