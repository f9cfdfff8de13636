import { expect, it } from "vitest";
import { describeService, type GotMessage } from "../../test/a-fleet.ts";
import { aModelledDevice } from "../../test/a-modelled-device.ts";

const model = {
  services: [
    {
      identifier: "look",
      callType: "sync",
      inputData: [{ identifier: "at", dataType: { type: "int" } }],
      outputData: [],
    },
  ],
};

describeService("services of devices that answer at once", (open) => {
  /** A device on the second node that listens below `topics`. */
  async function aDevice(topics: (base: string) => readonly string[], answer: (asked: GotMessage) => unknown) {
    const one = await aModelledDevice(open(), { model });
    const got: GotMessage[] = [];
    const node = open().nodes[1] ?? open().node;
    await node.connect(one.session, topics(one.base), (asked) => {
      got.push(asked);
      const said = answer(asked);
      const topic = asked.topic.startsWith("/ext")
        ? `${asked.topic}_reply`
        : asked.topic.replace("/request/", "/response/");
      if (said !== undefined) void node.send(one.session, topic, said);
    });
    const ask = (args: object = {}, wait = 2_000) =>
      one.ask("POST services/:identifier", { params: { identifier: "look" }, body: { args }, query: { wait } });
    return { ...one, got, ask };
  }
  const echo = ({ payload }: GotMessage) => {
    const { id, params } = JSON.parse(payload.toString()) as { id: string; params: object };
    return { id, code: 200, data: params };
  };

  it.each([
    ["the service's own topic", () => ["/ext/rrpc/"], /^\/ext\/rrpc\/\d+\/sys\/\w+\/\w+\/thing\/service\/look$/],
    ["the system's topic", (base: string) => [`${base}/rrpc/request/`], /^\/sys\/\w+\/\w+\/rrpc\/request\/\d+$/],
  ])("are asked on %s, and whoever called hears the answer", async (_, topics, topic) => {
    const { ask, got } = await aDevice(topics, echo);
    const call = (await ask({ at: 1 })) as { callId: string };
    expect(call).toMatchObject({ state: "answered", code: 200, data: { at: 1 } });
    expect(got[0]?.topic).toMatch(topic);
    expect(JSON.parse(got[0]?.payload.toString() ?? "")).toMatchObject({
      id: call.callId,
      method: "thing.service.look",
    });
  });

  it.each([
    ["says nothing", () => undefined],
    ["says what is no answer", () => "hello"],
  ])("of a device that %s are not answered", async (_, answer) => {
    const { ask } = await aDevice(() => ["/ext/rrpc/"], answer);
    expect(await ask({}, 50)).toMatchObject({
      callId: expect.any(String),
      state: expect.stringMatching(/^(sent|timed_out)$/),
    });
  });

  it("of a device that is not connected, does not listen, or whose product does not have them, are refused", async () => {
    const away = await aModelledDevice(open(), { model });
    const ask = { params: { identifier: "look" }, body: {} };
    expect(await away.ask("POST services/:identifier", ask)).toMatchObject({ status: 409, code: "device_offline" });
    const deaf = await aDevice(() => [], echo);
    expect(await deaf.ask()).toMatchObject({ status: 409, code: "device_half_connected" });
    const listening = await aDevice(() => ["/ext/rrpc/"], echo);
    await open().turn(listening.session, "rrpc", false);
    expect(await listening.ask()).toMatchObject({ status: 409, code: "service_off" });
  });
});
