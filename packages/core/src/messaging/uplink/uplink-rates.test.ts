import { beforeEach, expect, it } from "vitest";
import { aNode, aSession, type Node, uplinkOf } from "../../../test/a-node.ts";
import { isRefusal, type Session } from "../../auth/index.ts";
import { deviceKey } from "../../certificate/index.ts";
import type { Publish } from "../contracts.ts";

let node: Node;
let session: Session;

beforeEach(async () => {
  node = await aNode({ settings: { deviceQos0PerSecond: 3, deviceQos1PerSecond: 2 } });
  session = await aSession(node);
});

const stored = async () => {
  const items = await uplinkOf(node, session.device);
  return items.filter(({ topic }) => topic.endsWith("/user/update")).map(({ payload }) => payload.toString());
};

/** Sends numbered messages, one after the other. @returns what became of each. */
async function send(count: number, given: Partial<Publish> = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const topic = `/${deviceKey(session.device)}/user/update`;
    const message = { topic, payload: Buffer.from(String(i)), qos: 1, ...given } as const;
    const outcome = await node.platform.uplink.accept(session, message);
    outcomes.push(isRefusal(outcome) ? outcome.code : "stored");
  }
  return outcomes;
}

it("a message of QoS 1 over its rate is refused where its sender cannot be slowed down, and never stored unseen", async () => {
  expect(await send(4)).toEqual(["stored", "stored", "throttled", "throttled"]);
  expect(await stored()).toEqual(["0", "1"]);
  node.fleet.clock.pass(500);
  expect(await send(2)).toEqual(["stored", "throttled"]);
});

it("a message of QoS 1 over its rate waits where its sender can be slowed down, and every one is stored in order", async () => {
  const waits: number[] = [];
  const pace = async (ms: number) => {
    waits.push(ms);
    node.fleet.clock.pass(ms);
    return true;
  };
  expect(await send(6, { pace })).toEqual(Array.from({ length: 6 }, () => "stored"));
  expect(waits).toEqual([500, 500, 500, 500]);
  expect(await stored()).toEqual(["0", "1", "2", "3", "4", "5"]);
});

it("a message that waited is not stored when its connection was ended meanwhile", async () => {
  expect(await send(3, { pace: async () => false })).toEqual(["stored", "stored", "unavailable"]);
  expect(await stored()).toEqual(["0", "1"]);
});

it("a message of QoS 0 over its rate never waits, and uses nothing of the rate of QoS 1 up", async () => {
  const pace = () => Promise.reject(new Error("asked to wait"));
  expect(await send(5, { qos: 0, pace })).toEqual(["stored", "stored", "stored", "throttled", "throttled"]);
  expect(await send(2)).toEqual(["stored", "stored"]);
});

it("a message that is refused for its topic or size uses nothing up", async () => {
  const topic = "/elsewhere/device/user/update";
  expect(await send(5, { topic })).toEqual(Array.from({ length: 5 }, () => "forbidden_topic"));
  expect(await send(2)).toEqual(["stored", "stored"]);
});
