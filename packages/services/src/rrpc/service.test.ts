import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService, type GotMessage, type ServiceNode } from "../../test/a-fleet.ts";
import { rrpcPort } from "./contracts.ts";

const ROUTE = "POST /v1/products/:productKey/devices/:deviceName/rrpc";
const isUtf8 = (payload: string) => Buffer.from(payload, "base64").toString();

describeService("RRPC", (open) => {
  /** A device on the second node that answers what it is asked, `last` of its questions. */
  async function aDevice(answer?: (asked: GotMessage) => unknown, at = open().nodes[1] as ServiceNode) {
    const session = await open().addDevice();
    const { productKey, deviceName } = session.device;
    const got: GotMessage[] = [];
    const disconnect = await at.connect(
      session,
      [`/sys/${productKey}/${deviceName}/rrpc/request/`, "/ext/rrpc/"],
      (asked) => {
        got.push(asked);
        const topic = asked.topic.replace("/rrpc/request/", "/rrpc/response/");
        const said = answer ? answer(asked) : Buffer.concat([Buffer.from("re: "), asked.payload]);
        if (said !== undefined) void at.send(session, topic, said);
      },
    );
    return { session, got, disconnect };
  }

  const ask = (session: Session, body: object, node = open().node) =>
    node.ask(ROUTE, { device: session.device, body }) as Promise<{ messageId: string; payload: string }>;

  it("brings the answer back, from a device of the same node or another, on the topics of the wire", async () => {
    for (const at of open().nodes) {
      const { session, got } = await aDevice(undefined, at);
      const { messageId, payload } = await ask(session, { payload: "on?" });
      expect(isUtf8(payload)).toBe("re: on?");
      expect(messageId).toMatch(/^\d{1,19}$/);
      const { productKey, deviceName } = session.device;
      expect(got[0]?.topic).toBe(`/sys/${productKey}/${deviceName}/rrpc/request/${messageId}`);
    }
  });

  it("carries any bytes in both directions, and asks on a topic of the caller's", async () => {
    const { session, got } = await aDevice(({ payload }) => payload);
    const bytes = Buffer.from([0, 255, 13]).toString("base64");
    const { messageId, payload } = await ask(session, { payload: bytes, encoding: "base64", topic: "/lamp/on" });
    expect([payload, got[0]?.topic]).toEqual([bytes, `/ext/rrpc/${messageId}/lamp/on`]);
  });

  it("keeps apart many at once", async () => {
    const { session } = await aDevice();
    const texts = Array.from({ length: 50 }, (_, at) => `q${at}`);
    const answers = await Promise.all(texts.map((payload, at) => ask(session, { payload }, open().nodes[at % 2])));
    expect(answers.map(({ payload }) => isUtf8(payload))).toEqual(texts.map((text) => `re: ${text}`));
  });

  it("takes the first answer of the device that was asked, and no other", async () => {
    const stranger = await open().addDevice();
    const { session } = await aDevice(({ topic }) => {
      const at = open().nodes[1] as ServiceNode;
      const { productKey, deviceName } = stranger.device;
      const messageId = topic.split("/").at(-1);
      void at
        .send(stranger, `/sys/${productKey}/${deviceName}/rrpc/response/${messageId}`, "forged")
        .then(() => at.send(session, topic.replace("request", "response"), "first"))
        .then(() => at.send(session, topic.replace("request", "response"), "second"));
      return undefined;
    });
    expect(isUtf8((await ask(session, { payload: "?" })).payload)).toBe("first");
  });

  it("ends in time when the device says nothing", async () => {
    const { session } = await aDevice(() => undefined);
    const began = performance.now();
    const outcome = await ask(session, { payload: "?", timeoutMs: 1_000 });
    expect(outcome).toMatchObject({ status: 504, code: "rrpc_timeout" });
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it("says at once that a device is offline, not subscribed, or that its connection is gone", async () => {
    const offline = await open().addDevice();
    expect(await ask(offline, { payload: "?" })).toMatchObject({ status: 409, code: "device_offline" });
    const deaf = await open().addDevice();
    await open().node.connect(deaf, [], () => undefined);
    expect(await ask(deaf, { payload: "?" })).toMatchObject({ status: 409, code: "device_half_connected" });
    const lost = await aDevice();
    await lost.disconnect(true);
    expect(await ask(lost.session, { payload: "?" })).toMatchObject({ status: 409, code: "device_half_connected" });
  });

  it.each([
    ["a topic of another device", { topic: "/sys/pk/dn/thing/service/x" }, 422, "forbidden_topic"],
    ["a topic with a wildcard", { topic: "/a/+" }, 422, "forbidden_topic"],
    ["what is no base64", { payload: "*", encoding: "base64" }, 400, "invalid_request"],
  ])("refuses %s", async (_, body, status, code) => {
    const { session } = await aDevice();
    expect(await ask(session, { payload: "?", ...body })).toMatchObject({ status, code });
  });

  it("is not to be had where the product does not have it, and an answer is passed over", async () => {
    const { session } = await aDevice();
    await open().turn(session, "rrpc", false);
    expect(await ask(session, { payload: "?" })).toMatchObject({ status: 409, code: "service_off" });
    const { productKey, deviceName } = session.device;
    expect(await open().node.send(session, `/sys/${productKey}/${deviceName}/rrpc/response/1`, "x")).toBeUndefined();
  });

  it("is offered to other services and programs", async () => {
    const { session } = await aDevice();
    const rrpc = open().node.services.find(rrpcPort);
    const gone = new AbortController();
    const request = { payload: Buffer.from("?"), timeoutMs: 5_000 };
    expect(await rrpc?.call(session.device, request)).toMatchObject({ is: "answered" });
    gone.abort();
    const silent = await aDevice(() => undefined);
    const outcome = await rrpc?.call(silent.session.device, { ...request, signal: gone.signal });
    expect(outcome).toMatchObject({ is: "timed_out" });
  });
});
