import { beforeEach, describe, expect, it } from "vitest";
import { aNode, aSession, NOW_MS, type Node, OPERATOR, uplinkOf } from "../../../test/a-node.ts";
import { isRefusal, type Session } from "../../auth/index.ts";

let node: Node;
let session: Session;

beforeEach(async () => {
  node = await aNode();
  session = await aSession(node);
});

const signal = new AbortController().signal;
const work = (by = node) => by.operators.downlinkReports.work(signal);

async function send(report: boolean, ttlMs = 60_000): Promise<string> {
  const { productKey, deviceName } = session.device;
  const message = {
    topic: `/${productKey}/${deviceName}/user/get`,
    payload: Buffer.from("on"),
    qos: 1,
    ttlMs,
  } as const;
  const sent = await node.operators.downlink.send(session.device, { ...message, report });
  if (isRefusal(sent)) throw new Error(sent.code);
  return sent.messageId;
}

async function reports(): Promise<readonly { messageId: string; body: unknown }[]> {
  const items = await uplinkOf(node, session.device);
  return items.flatMap(({ topic, messageId, payload }) =>
    topic.endsWith("/thing/downlink/reply/message") ? [{ messageId, body: JSON.parse(payload.toString()) }] : [],
  );
}

describe("reports", () => {
  it("tell that a message was delivered, under its own id, to who asked for it alone", async () => {
    const { productKey, deviceName } = session.device;
    const asked = await send(true);
    const silent = await send(false);
    await work();
    expect(await reports()).toEqual([]);
    for (const messageId of [asked, silent]) await node.platform.inbox.acknowledge(session, messageId);
    expect(await work()).toBe(false);
    expect(await reports()).toEqual([
      {
        messageId: asked,
        body: {
          gmtCreate: NOW_MS,
          iotId: session.iotId,
          productKey,
          deviceName,
          requestId: asked,
          code: 200,
          message: "success",
          topic: `/${productKey}/${deviceName}/user/get`,
          data: { state: "delivered" },
        },
      },
    ]);
  });

  it("tell that a message expired, as soon as it has", async () => {
    const messageId = await send(true, 1_000);
    node.fleet.clock.pass(999);
    await work();
    expect(await reports()).toEqual([]);
    node.fleet.clock.pass(1);
    await work();
    const body = { requestId: messageId, code: 9201, message: "expired", data: { state: "expired" } };
    expect(await reports()).toMatchObject([{ messageId, body }]);
  });

  it("come once, although several processes work and one died before it noted that", async () => {
    const messageId = await send(true);
    await node.platform.inbox.acknowledge(session, messageId);
    const { mailbox } = node.fleet.ports;
    const dying = await aNode({
      nodeId: "node-2",
      fleet: node.fleet,
      given: { mailbox: { ...mailbox, reported: () => Promise.reject(new Error("killed")) } },
    });
    await expect(work(dying)).rejects.toThrow("killed");
    await Promise.all([work(), work()]);
    expect(await reports()).toHaveLength(1);
    expect(await mailbox.ended({ nowMs: NOW_MS, limit: 10 })).toEqual([]);
  });

  it("say nothing of a device that was deleted", async () => {
    await node.platform.inbox.acknowledge(session, await send(true));
    await node.operators.devices.remove(OPERATOR, session.device);
    await work();
    expect(await reports()).toEqual([]);
    expect(await node.fleet.ports.mailbox.ended({ nowMs: NOW_MS, limit: 10 })).toEqual([]);
  });
});
