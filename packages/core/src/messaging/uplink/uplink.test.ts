import { beforeEach, describe, expect, it } from "vitest";
import { aNode, announced, aSession, type Node, uplinkOf } from "../../../test/a-node.ts";
import { isRefusal, type Session } from "../../auth/index.ts";

let node: Node;
let session: Session;
let base: string;

beforeEach(async () => {
  node = await aNode({ settings: { maxPayloadBytes: 100 } });
  session = await aSession(node);
  base = `/${session.device.productKey}/${session.device.deviceName}`;
});

const publish = (topic: string, payload: string | Buffer = "21", qos: 0 | 1 = 1) =>
  node.platform.uplink.accept(session, { topic, payload: Buffer.from(payload), qos });

/** What the device itself published. */
const published = async () => (await uplinkOf(node, session.device)).filter(({ transport }) => transport === "radio");

describe("a message of a device", () => {
  it("is in the uplink log as it came, under the id that is answered", async () => {
    const accepted = await publish(`${base}/user/update`, Buffer.from([0, 1, 255]), 0);
    if (isRefusal(accepted)) throw new Error(accepted.code);
    expect(await published()).toEqual([
      {
        id: expect.any(String),
        messageId: accepted.messageId,
        ...session.device,
        topic: `${base}/user/update`,
        payload: Buffer.from([0, 1, 255]),
        qos: 0,
        transport: "radio",
        receivedAtMs: node.fleet.clock.nowMs(),
      },
    ]);
  });

  it("keeps its place among those of its device", async () => {
    for (const text of ["one", "two", "three"]) await publish(`${base}/user/update`, text);
    expect((await published()).map(({ payload }) => payload.toString())).toEqual(["one", "two", "three"]);
  });

  it("that is not what it should be is in the log all the same", async () => {
    await publish(`/sys${base}/thing/event/property/post`, "{,,");
    expect((await published()).map(({ payload }) => payload.toString())).toEqual(["{,,"]);
  });

  it.each([
    ["on a topic of another device", () => `/${session.device.productKey}/device_02/user/update`],
    ["on a topic that it may only hear", () => `${base}/user/get`],
    ["on a topic with a wildcard", () => `${base}/user/#`],
    ["on a topic of the gateway", () => `${base}/thing/lifecycle`],
  ])("%s is refused and leaves no trace", async (_, topic) => {
    expect(await publish(topic())).toMatchObject({ code: "forbidden_topic" });
    expect(await published()).toEqual([]);
  });

  it("is refused when it is larger than the limit, and accepted at the limit", async () => {
    expect(await publish(`${base}/user/update`, "x".repeat(101))).toMatchObject({ code: "too_large" });
    expect(await publish(`${base}/user/update`, "x".repeat(100))).toHaveProperty("messageId");
    expect(await published()).toHaveLength(1);
  });

  it("is told to the recorder, whether it was stored or refused", async () => {
    await publish(`${base}/user/update`, "21");
    await publish(`${base}/user/get`, "21", 0);
    expect(node.recorder.uplinks).toEqual([
      { transport: "radio", qos: 1, code: "ok", bytes: 2, ms: 0 },
      { transport: "radio", qos: 0, code: "forbidden_topic", bytes: 2, ms: 0 },
    ]);
  });
});

describe("a message while the log is down", () => {
  it("is unavailable, recorded as a fault, and neither thrown nor answered", async () => {
    const fault = new Error("log is down");
    const uplinkLog = { ...node.fleet.ports.uplinkLog, append: () => Promise.reject(fault) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { uplinkLog } });
    const topic = `/sys${base}/thing/event/property/post`;
    const refusal = await broken.platform.uplink.accept(session, { topic, payload: Buffer.from("{}"), qos: 1 });
    expect(isRefusal(refusal) && refusal.code).toBe("unavailable");
    expect(broken.recorder.faults).toEqual([{ where: "uplink", error: fault }]);
    expect(broken.recorder.uplinks).toMatchObject([{ code: "unavailable" }]);
  });
});

describe("an announcement of the gateway", () => {
  it("is in the log of its device as JSON, with an id of its own", async () => {
    await node.platform.uplink.announce(session.device, "/any/topic", { a: 1 });
    const [item] = (await uplinkOf(node, session.device)).filter(({ topic }) => topic === "/any/topic");
    expect(item).toMatchObject({ transport: "gateway", qos: 1, payload: Buffer.from('{"a":1}') });
    expect(await announced(node, session.device)).toContainEqual({ a: 1 });
  });
});
