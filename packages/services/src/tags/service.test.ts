import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";

describeService("tags of devices", (open) => {
  const post = async (params: unknown, path = "update") => {
    const fleet = open();
    const session = await fleet.addDevice();
    const { productKey, deviceName } = session.device;
    const topic = `/sys/${productKey}/${deviceName}/thing/deviceinfo/${path}`;
    const send = async (given: unknown, at = topic) => {
      const reply = await fleet.node.send(session, at, { id: "1", params: given });
      return JSON.parse(reply?.text ?? "{}") as { code: number };
    };
    const tags = async () =>
      ((await fleet.node.gateway.operators.devices.find(session.device)) as { tags: unknown }).tags;
    return { answer: await send(params), send, tags, topic, session, fleet };
  };

  it("are set as a device posts them, and the operator sees them", async () => {
    const { answer, tags } = await post([
      { attrKey: "SYS_LP_SDK_VERSION", attrValue: "3.2.0", domain: "SYSTEM" },
      { attrKey: "floor", attrValue: "3" },
    ]);
    expect(answer).toMatchObject({ code: 200, data: {} });
    expect(await tags()).toEqual({ SYS_LP_SDK_VERSION: "3.2.0", floor: "3" });
  });

  it("are deleted as a device asks, and the others stay", async () => {
    const { send, tags, topic } = await post([
      { attrKey: "a", attrValue: "1" },
      { attrKey: "b", attrValue: "2" },
    ]);
    expect(await send([{ attrKey: "a" }, { attrKey: "never was" }], topic.replace("update", "delete"))).toMatchObject({
      code: 200,
    });
    expect(await tags()).toEqual({ b: "2" });
  });

  it.each([
    ["no list", { attrKey: "a", attrValue: "1" }],
    ["an empty list", []],
    ["a value that is no text", [{ attrKey: "a", attrValue: 1 }]],
    ["no key", [{ attrValue: "1" }]],
    ["an empty key", [{ attrKey: "", attrValue: "1" }]],
    ["a value of 257 characters", [{ attrKey: "a", attrValue: "x".repeat(257) }]],
    ["a text that nothing can keep", [{ attrKey: "a", attrValue: "\0" }]],
    ["more than 100", Array.from({ length: 101 }, (_, at) => ({ attrKey: `k${at}`, attrValue: "" }))],
  ])("with %s are answered 460 and change nothing", async (_, params) => {
    const { answer, tags } = await post(params);
    expect(answer).toMatchObject({ code: 460 });
    expect(await tags()).toEqual({});
  });

  it("beyond 100 in all are answered 460 and change nothing", async () => {
    const { send, tags } = await post(Array.from({ length: 100 }, (_, at) => ({ attrKey: `k${at}`, attrValue: "" })));
    expect(await send([{ attrKey: "one more", attrValue: "" }])).toMatchObject({ code: 460 });
    expect(Object.keys((await tags()) as object)).toHaveLength(100);
  });

  it("are left alone where the product does not have the service, on every node, and the device is told", async () => {
    const { session, fleet, topic, tags } = await post([{ attrKey: "a", attrValue: "1" }]);
    await fleet.turn(session, "tags", false);
    for (const node of fleet.nodes) {
      const reply = await node.send(session, topic, { id: "2", params: [{ attrKey: "a", attrValue: "2" }] });
      expect(JSON.parse(reply?.text ?? "{}")).toMatchObject({ id: "2", code: 403 });
    }
    expect(await tags()).toEqual({ a: "1" });
  });
});
