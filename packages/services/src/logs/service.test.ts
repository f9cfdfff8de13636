import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService, type ServiceNode } from "../../test/a-fleet.ts";

const LOGS = "/v1/products/:productKey/devices/:deviceName/logs";

describeService("logs of devices", (open) => {
  const ask = (session: Session, what: string, more: object = {}, node = open().node) =>
    node.ask(what, { device: session.device, ...more }) as Promise<Record<string, unknown>>;
  const turn = (session: Session, on: boolean, node?: ServiceNode) =>
    ask(session, `PUT ${LOGS}/switch`, { body: { on } }, node);
  async function send(session: Session, suffix: string, params: unknown, node = open().node) {
    const { productKey, deviceName } = session.device;
    const answer = await node.send(session, `/sys/${productKey}/${deviceName}/thing/${suffix}`, { id: "1", params });
    return JSON.parse(answer?.text ?? "{}") as { code: number; data: object };
  }
  const post = (session: Session, records: unknown, node?: ServiceNode) => send(session, "log/post", records, node);
  const texts = async (session: Session, query: object = {}) => {
    const { items, nextCursor } = await ask(session, `GET ${LOGS}`, { query });
    return { texts: (items as { text: string }[]).map(({ text }) => text), nextCursor };
  };

  it("are not wanted unless somebody says so, on every node, and the device is told when that changes", async () => {
    const session = await open().addDevice();
    for (const [on, mode] of [
      [true, 1],
      [false, 0],
    ] as const) {
      expect(await turn(session, on)).toEqual({ on });
      for (const node of open().nodes) {
        const { code, data } = await send(
          session,
          "config/log/get",
          { configScope: "device", getType: "content" },
          node,
        );
        expect({ code, data }).toEqual({ code: 200, data: { getType: "content", content: { mode } } });
      }
    }
    const fresh = await open().addDevice();
    expect((await send(fresh, "config/log/get", {})).data).toEqual({ getType: "content", content: { mode: 0 } });
    const { mailbox } = open().node.gateway.platform;
    const pushed = await mailbox.pending(session.device, { limit: 9, nowMs: Date.now() });
    const { productKey, deviceName } = session.device;
    expect(pushed.map(({ topic, payload }) => [topic, JSON.parse(payload.toString()).params.content.mode])).toEqual([
      [`/sys/${productKey}/${deviceName}/thing/config/log/push`, 1],
      [`/sys/${productKey}/${deviceName}/thing/config/log/push`, 0],
    ]);
  });

  it.each([
    [{ configScope: "device", getType: "file" }, 6717],
    [{ configScope: "product", getType: "content" }, 6718],
    [{ configScope: 1 }, 460],
    [[], 460],
  ])("are configured for the device only: %j is answered %i", async (params, code) => {
    expect((await send(await open().addDevice(), "config/log/get", params)).code).toBe(code);
  });

  it("are kept as they come, and listed newest first, page by page", async () => {
    const session = await open().addDevice();
    await turn(session, true);
    expect((await post(session, ["1 connect 1000 sub 1020", "2 tab\there"])).code).toBe(200);
    expect((await post(session, ["3"], open().nodes[1])).code).toBe(200);
    const first = await texts(session, { limit: 2 });
    expect(first.texts).toEqual(["3", "2 tab\there"]);
    expect((await texts(session, { limit: 2, cursor: first.nextCursor })).texts).toEqual(["1 connect 1000 sub 1020"]);
    expect(await ask(session, `GET ${LOGS}`, { query: { cursor: "x" } })).toMatchObject({ status: 400 });
    await ask(session, `DELETE ${LOGS}`);
    expect((await texts(session)).texts).toEqual([]);
  });

  it("are 500 records of a device at most, whoever posts at once, and those of others stay", async () => {
    const [session, other] = [await open().addDevice(), await open().addDevice()];
    for (const each of [session, other]) await turn(each, true);
    await post(other, ["mine"]);
    const batch = (at: number) => Array.from({ length: 100 }, (_, line) => `${at}-${line}`);
    const posts = Array.from({ length: 7 }, (_, at) => post(session, batch(at), open().nodes[at % 2]));
    expect((await Promise.all(posts)).map(({ code }) => code)).toEqual(posts.map(() => 200));
    const kept = (await texts(session, { limit: 1_000 })).texts;
    expect(kept).toHaveLength(500);
    expect(new Set(kept).size).toBe(500);
    expect((await texts(other)).texts).toEqual(["mine"]);
  });

  it.each([
    ["no list", "1 a"],
    ["an empty list", []],
    ["what is no text", [1]],
    ["an empty text", [""]],
    ["more than 100", Array.from({ length: 101 }, () => "x")],
    ["2049 characters", ["x".repeat(2_049)]],
    ["a NUL", ["a\0"]],
  ])("with %s are answered 460", async (_, records) => {
    const session = await open().addDevice();
    await turn(session, true);
    expect((await post(session, records)).code).toBe(460);
    expect((await texts(session)).texts).toEqual([]);
  });

  it("are answered 403 and not kept where they are not wanted, or the product does not have the service", async () => {
    const session = await open().addDevice();
    expect((await post(session, ["x"])).code).toBe(403);
    await turn(session, true);
    await open().turn(session, "logs", false);
    expect((await post(session, ["x"])).code).toBe(403);
    expect((await texts(session)).texts).toEqual([]);
  });
});
