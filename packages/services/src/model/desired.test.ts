import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { A_MODEL } from "../../test/a-model.ts";
import { aModelledDevice, type ModelledDevice } from "../../test/a-modelled-device.ts";

describeService("desired values of devices", (open) => {
  const put = (one: ModelledDevice, items: object, versions: object = {}, node = 0) =>
    one.ask("PUT desired", { body: { items, versions } }, node) as Promise<{ versions?: Record<string, number> }>;

  it("are read by the device, with versions that grow one by one for each property", async () => {
    const one = await aModelledDevice(open());
    expect(await put(one, { Temp: 20, Label: "22" })).toEqual({ versions: { Temp: 1, Label: 1 } });
    expect(await put(one, { Temp: 21 }, { Temp: 1 }, 1)).toEqual({ versions: { Temp: 2 } });
    expect(await one.post("property/desired/get", ["Temp", "Label", "On"], 1)).toMatchObject({
      code: 200,
      data: { Temp: { value: 21, version: 2 }, Label: { value: "22", version: 1 } },
    });
    expect((await one.post("property/desired/get", ["On"])).data).toEqual({});
    expect(await one.ask("GET desired")).toEqual({
      items: { Temp: { value: 21, version: 2 }, Label: { value: "22", version: 1 } },
    });
  });

  it("are changed by exactly one of those who saw the same version, all of them or none", async () => {
    const one = await aModelledDevice(open());
    for (const version of [0, 1]) {
      const answers = await Promise.all([0, 1, 2, 3].map((at) => put(one, { Temp: at }, { Temp: version }, at % 2)));
      expect(answers.filter(({ versions }) => versions)).toHaveLength(1);
    }
    expect(await put(one, { On: 1, Temp: 3 }, { Temp: 1 })).toMatchObject({ status: 409, code: "version_conflict" });
    expect(await one.ask("GET desired")).toMatchObject({ items: { Temp: { version: 2 } } });
    expect(await one.ask("GET desired")).not.toHaveProperty("items.On");
  });

  it("are taken away by the device, where the version is the one it knows, and their versions do not come again", async () => {
    const one = await aModelledDevice(open());
    await put(one, { Temp: 20, On: 1, Mode: 5 });
    await put(one, { Temp: 21 });
    const params = { Temp: { version: 1 }, On: { version: 1 }, Mode: {}, Nothing: {} };
    for (const _ of ["once", "again"])
      expect(await one.post("property/desired/delete", params, 1)).toMatchObject({ code: 200 });
    expect(await one.ask("GET desired")).toEqual({ items: { Temp: { value: 21, version: 2 } } });
    expect(await put(one, { On: 0 })).toEqual({ versions: { On: 2 } });
    expect(await put(one, { On: null })).toEqual({ versions: { On: 3 } });
    expect(await one.ask("GET desired")).not.toHaveProperty("items.On");
  });

  it.each([
    ["get", {}],
    ["get", [1]],
    ["get", Array.from({ length: 201 }, (_, at) => `p${at}`)],
    ["delete", ["Temp"]],
    ["delete", { Temp: 1 }],
    ["delete", { Temp: { version: "1" } }],
    ["delete", { Temp: { version: -1 } }],
    ["delete", { Temp: { version: 2 ** 31 } }],
  ])("are not touched by %s of %j, which is answered 460", async (what, params) => {
    const one = await aModelledDevice(open());
    await put(one, { Temp: 20 });
    expect(await one.post(`property/desired/${what}`, params)).toMatchObject({ code: 460 });
    expect(await one.ask("GET desired")).toEqual({ items: { Temp: { value: 20, version: 1 } } });
  });

  it("that the model does not allow are refused", async () => {
    const one = await aModelledDevice(open());
    expect(await put(one, { Temp: 999 })).toMatchObject({ status: 400, code: "model_mismatch", field: "items.Temp" });
    expect(await one.ask("GET desired")).toEqual({ items: {} });
  });

  it("are told to a device that is connected, on whatever node, and wait in no mailbox for one that is not", async () => {
    const one = await aModelledDevice(open());
    const { device } = one.session;
    const { mailbox } = open().node.gateway.ports;
    const waiting = () => mailbox.pending(device, { limit: 10, nowMs: Date.now() });
    expect(await put(one, { Temp: 20 })).not.toHaveProperty("callId");
    expect(await waiting()).toEqual([]);
    const connection = { connectionId: "c", statusTopic: "/status" };
    await open().nodes[1]?.gateway.platform.connections.open(one.session, connection);
    const answer = await put(one, { Temp: 21, On: null });
    const [message] = await waiting();
    expect(JSON.parse(message?.payload.toString() ?? "")).toMatchObject({
      id: (answer as { callId?: string }).callId,
      params: { Temp: 21 },
      method: "thing.service.property.set",
    });
  });
});

describeService("devices that ask for their model", (open) => {
  it.each(["dsltemplate/get", "dynamicTsl/get"])(
    "on %s hear it as it was given, or nothing where there is none",
    async (path) => {
      const one = await aModelledDevice(open());
      const { code, data } = await one.post(path, {});
      expect([code, data]).toEqual([200, A_MODEL]);
      const without = await aModelledDevice(open(), { model: null });
      expect(await without.post(path, {})).toMatchObject({ code: 200, data: {} });
    },
  );
});

describeService("bytes that only the product understands", (open) => {
  it("stay in the log as they came, and the device hears that they did", async () => {
    const { session, base } = await aModelledDevice(open());
    const bytes = Buffer.from([0, 255, 1]);
    const topic = `${base}/thing/model/up_raw`;
    expect(await open().node.send(session, topic, bytes)).toEqual({ topic: `${topic}_reply`, text: "" });
    const { uplinkLog } = open().node.gateway.ports;
    const read = await uplinkLog.read("raw", { consumer: "c", count: 1_000, nowMs: Date.now() });
    if (read === "filter_differs") throw new Error("one group, one filter");
    expect(read.find((item) => item.topic === topic)?.payload).toEqual(bytes);
  });
});
