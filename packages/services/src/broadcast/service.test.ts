import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService, type GotMessage, type ServiceNode } from "../../test/a-fleet.ts";

const ROUTE = "POST /v1/products/:productKey/broadcast";

describeService("a broadcast", (open) => {
  async function aProduct(placed: readonly number[]) {
    const sessions: Session[] = [];
    const got = new Map<Session, GotMessage[]>();
    for (const at of placed) {
      const productKey = sessions[0]?.device.productKey;
      const session = await open().addDevice(productKey ? { productKey } : {});
      sessions.push(session);
      await listen(session, at, got);
    }
    const [first] = sessions as [Session];
    const send = (body: object, node = open().node) => node.ask(ROUTE, { device: first.device, body });
    return { sessions, got, send, productKey: first.device.productKey };
  }

  async function listen(session: Session, at: number, got: Map<Session, GotMessage[]>) {
    got.set(session, []);
    const node = open().nodes[at] as ServiceNode;
    await node.connect(session, [`/broadcast/${session.device.productKey}/news`], (message) =>
      got.get(session)?.push(message),
    );
  }

  it("reaches each device of the product that is connected and subscribed, on every node, and no other", async () => {
    const { got, send, productKey } = await aProduct([0, 1, 1]);
    const others = new Map<Session, GotMessage[]>();
    await listen(await open().addDevice(), 0, others);
    const bytes = Buffer.from([0, 255]);
    const body = { topic: "news/today", payload: bytes.toString("base64"), encoding: "base64" };
    expect(await send(body)).toEqual({ delivered: 3, silentNodes: 0 });
    for (const messages of got.values())
      expect(messages).toEqual([{ topic: `/broadcast/${productKey}/news/today`, payload: bytes }]);
    expect([...others.values()].flat()).toEqual([]);
  });

  it("reaches nobody on a topic that nobody subscribed to", async () => {
    const { send } = await aProduct([0]);
    expect(await send({ topic: "weather", payload: "x" })).toEqual({ delivered: 0, silentNodes: 0 });
  });

  it("may be sent once a second to a product, whichever node is asked", async () => {
    const { send, got } = await aProduct([0]);
    const asked = Array.from({ length: 6 }, (_, at) => send({ topic: "news", payload: "x" }, open().nodes[at % 2]));
    const answers = (await Promise.all(asked)) as { delivered?: number; code?: string }[];
    expect(answers.filter(({ delivered }) => delivered === 1)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === "broadcast_too_soon")).toHaveLength(5);
    expect([...got.values()].flat()).toHaveLength(1);
    const other = await aProduct([1]);
    expect(await other.send({ topic: "news", payload: "x" })).toMatchObject({ delivered: 1 });
    await expect.poll(() => send({ topic: "news", payload: "x" }), { timeout: 3_000 }).toMatchObject({ delivered: 1 });
  });

  it("reaches 1000 devices at the most, over all nodes", async () => {
    const { sessions, send, productKey } = await aProduct([0]);
    const [session] = sessions as [Session];
    let delivered = 0;
    for (const { gateway } of open().nodes)
      gateway.platform.hold({
        close: async () => 0,
        closeAll: () => 0,
        closeOlder: async () => 0,
        wake: () => undefined,
        wakeAll: () => undefined,
        held: () => Array.from({ length: 700 }, () => ({ session, epoch: 1 })),
        deliver({ productKey: of }) {
          if (of === productKey) delivered += 1;
          return of === productKey;
        },
      });
    for (const { services } of open().nodes) services.opened(session);
    expect(await send({ topic: "other", payload: "x" })).toEqual({ delivered: 1_000, silentNodes: 0 });
    expect(delivered).toBe(1_000);
  });

  it.each(["", "/a", "a/+", "#", "a//b", "a b", "a/b/c/d/e/f", "x".repeat(101)])("has no topic %j", async (topic) => {
    const { send } = await aProduct([0]);
    await expect(send({ topic, payload: "x" })).rejects.toThrow();
  });

  it("is not to be had where the product does not have it", async () => {
    const { sessions, send, got } = await aProduct([0]);
    await open().turn(sessions[0] as Session, "broadcast", false);
    expect(await send({ topic: "news", payload: "x" })).toMatchObject({ status: 409, code: "service_off" });
    expect([...got.values()].flat()).toEqual([]);
  });
});
