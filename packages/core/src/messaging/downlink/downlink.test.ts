import { beforeEach, describe, expect, it } from "vitest";
import { aHolder, aNode, aSession, NOW_MS, type Node, OPERATOR } from "../../../test/a-node.ts";
import { aDevice } from "../../../test/an-attempt.ts";
import { isRefusal, type Session } from "../../auth/index.ts";
import { deviceKey } from "../../certificate/index.ts";

let node: Node;
let session: Session;
let topic: string;

beforeEach(async () => {
  node = await aNode({ settings: { mailboxLimits: { maxMessages: 2, maxBytes: 100 }, maxPayloadBytes: 90 } });
  session = await aSession(node);
  topic = `/${session.device.productKey}/${session.device.deviceName}/user/get`;
});

type Message = Parameters<Node["platform"]["downlink"]["send"]>[1];

async function send(given: Partial<Message> = {}, from = node) {
  const message = { topic, payload: Buffer.from("on"), qos: 1 as const, ttlMs: 60_000, ...given };
  const sent = await from.operators.downlink.send(session.device, message);
  if (isRefusal(sent)) throw new Error(sent.code);
  return sent;
}

const pending = () => node.fleet.ports.mailbox.pending(session.device, { limit: 10, nowMs: node.fleet.clock.nowMs() });

/** Connects the device to a node. */
async function connect(to: Node) {
  const holder = aHolder();
  to.platform.hold(holder);
  await to.platform.connections.open(session, { connectionId: "c1", statusTopic: "/status" });
  return holder;
}

describe("a message of QoS 1", () => {
  it("waits in the mailbox until its time is over", async () => {
    const { messageId, state } = await send();
    expect(state).toBe("queued");
    expect(await pending()).toMatchObject([
      { messageId, topic, payload: Buffer.from("on"), qos: 1, createdAtMs: NOW_MS, expiresAtMs: NOW_MS + 60_000 },
    ]);
    const status = async () => (await node.operators.downlink.status(session.device, messageId))?.state;
    expect(await status()).toBe("queued");
    node.fleet.clock.pass(60_001);
    expect(await status()).toBe("expired");
  });

  it("is refused by a mailbox that is full of messages or of bytes, and what waits stays", async () => {
    await send({ payload: Buffer.alloc(50) });
    const tooMuch = { topic, payload: Buffer.alloc(51), qos: 1, ttlMs: 1_000 } as const;
    expect(await node.operators.downlink.send(session.device, tooMuch)).toMatchObject({ code: "mailbox_full" });
    await send();
    const tooMany = { ...tooMuch, payload: Buffer.alloc(1) };
    expect(await node.operators.downlink.send(session.device, tooMany)).toMatchObject({ code: "mailbox_full" });
    expect(await pending()).toHaveLength(2);
    expect(node.recorder.downlinks.map(({ state }) => state)).toEqual([
      "queued",
      "mailbox_full",
      "queued",
      "mailbox_full",
    ]);
  });

  it("that is sent again with its idempotency key is the first one, in the state that it has reached", async () => {
    const first = await send({ idempotencyKey: "k" });
    await node.fleet.ports.mailbox.acknowledge(session.device, first.messageId, NOW_MS);
    expect(await send({ idempotencyKey: "k" })).toEqual({ messageId: first.messageId, state: "delivered" });
    expect(await pending()).toEqual([]);
  });

  it("that is withdrawn does not wait any more, and what is gone cannot be withdrawn", async () => {
    const { messageId } = await send();
    const kept = await send();
    expect(await node.operators.downlink.withdraw(session.device, messageId)).toBe(true);
    expect(await pending()).toMatchObject([{ messageId: kept.messageId }]);
    expect(await node.operators.downlink.withdraw(session.device, messageId)).toBe(false);
  });

  it("wakes the device where it is connected: here", async () => {
    const holder = await connect(node);
    await send();
    await expect.poll(() => holder.asked).toEqual([{ wake: deviceKey(session.device) }]);
  });

  it("wakes the device where it is connected: on another node, and nowhere else", async () => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const [here, away] = [aHolder(), await connect(there)];
    node.platform.hold(here);
    await send();
    await expect.poll(() => away.asked).toEqual([{ wake: deviceKey(session.device) }]);
    expect(here.asked).toEqual([]);
  });

  it("is stored although the hint to wake the device is lost", async () => {
    const fault = new Error("directory is down");
    const directory = { ...node.fleet.ports.directory, reach: () => Promise.reject(fault) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory } });
    expect((await send({}, broken)).state).toBe("queued");
    await expect.poll(() => broken.recorder.faults).toEqual([{ where: "wake", error: fault }]);
    expect(await pending()).toHaveLength(1);
  });

  it("is a fault when the mailbox is down", async () => {
    const mailbox = { ...node.fleet.ports.mailbox, put: () => Promise.reject(new Error("mailbox is down")) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { mailbox } });
    await expect(send({}, broken)).rejects.toThrow("mailbox is down");
  });
});

describe("a message of QoS 0", () => {
  it("is sent to a device that is connected here", async () => {
    const holder = await connect(node);
    const { messageId, state } = await send({ qos: 0 });
    expect(state).toBe("sent");
    expect(holder.asked).toEqual([{ deliver: deviceKey(session.device), topic, payload: "on" }]);
    expect(await node.operators.downlink.status(session.device, messageId)).toMatchObject({ qos: 0, state: "sent" });
    expect(await pending()).toEqual([]);
  });

  it("is sent to a device that is connected to another node", async () => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const holder = await connect(there);
    expect((await send({ qos: 0 })).state).toBe("sent");
    expect(holder.asked).toEqual([{ deliver: deviceKey(session.device), topic, payload: "on" }]);
  });

  it("is expired at once when the device is nowhere", async () => {
    const { messageId, state } = await send({ qos: 0 });
    expect(state).toBe("expired");
    expect(await node.operators.downlink.status(session.device, messageId)).toMatchObject({ state: "expired" });
    expect(node.recorder.downlinks).toEqual([{ state: "expired" }]);
  });

  it("is expired when the node that holds the device does not take it or does not answer", async () => {
    const holder = await connect(node);
    holder.deliver = () => false;
    expect((await send({ qos: 0 })).state).toBe("expired");
    await node.fleet.ports.directory.renewNode("node-gone", 60_000);
    await node.fleet.ports.directory.claim(session.device, { nodeId: "node-gone", connectionId: "c", about: "" });
    expect((await send({ qos: 0 })).state).toBe("expired");
  });
});

describe("a message that cannot reach its device", () => {
  const refused = async (given: Partial<Message>, device = session.device) => {
    const message = { topic, payload: Buffer.from("on"), qos: 1 as const, ttlMs: 60_000, ...given };
    const outcome = await node.operators.downlink.send(device, message);
    return isRefusal(outcome) ? outcome.code : "accepted";
  };

  it.each([
    ["that the device may only publish on", "user/update"],
    ["of no class", "user/other"],
    ["with a wildcard", "user/+"],
  ])("is refused on a topic %s", async (_, suffix) => {
    expect(await refused({ topic: topic.replace("user/get", suffix) })).toBe("forbidden_topic");
    expect(await refused({ topic: topic.replace("user/get", suffix), qos: 0 })).toBe("forbidden_topic");
    expect(await pending()).toEqual([]);
  });

  it("is refused on a topic of another device, and accepted on a system topic of its own", async () => {
    const { productKey, deviceName } = session.device;
    expect(await refused({ topic: `/${productKey}/device_02/user/get` })).toBe("forbidden_topic");
    expect(await refused({ topic: `/sys/${productKey}/device_02/thing/service/reboot` })).toBe("forbidden_topic");
    expect(await refused({ topic: `/sys/${productKey}/${deviceName}/thing/service/reboot` })).toBe("accepted");
  });

  it("is refused when it is larger than the limit, or when there is no such device", async () => {
    expect(await refused({ payload: Buffer.alloc(91) })).toBe("too_large");
    expect(await refused({}, aDevice("device_99", session.device.productKey))).toBe("forbidden_topic");
  });

  it("is not refused because a cache has not heard of the device yet", async () => {
    const lookup = { findCredentials: async () => undefined };
    const forgetful = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { lookup } });
    expect((await send({}, forgetful)).state).toBe("queued");
  });

  it("follows the product's classes as they are now", async () => {
    expect(await refused({ topic: topic.replace("user/get", "a/b") })).toBe("forbidden_topic");
    const classes = [{ suffix: "a/+", permission: "sub" as const }];
    await node.operators.products.setTopics(OPERATOR, session.device.productKey, classes);
    expect(await refused({ topic: topic.replace("user/get", "a/b") })).toBe("accepted");
  });
});
