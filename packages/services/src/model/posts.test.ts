import { isProblem } from "@trine/core/registry";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { aModelledDevice } from "../../test/a-modelled-device.ts";

const NOW = Date.now();

describeService("posts of devices", (open) => {
  it("of a product without a model are answered 200 and stay as they came", async () => {
    const { post, logged, ask, base } = await aModelledDevice(open(), { model: null });
    expect(await post("event/property/post", { anything: [1] })).toMatchObject({ code: 200, data: {}, id: "7" });
    expect(await post("event/door/post", { value: {} })).toMatchObject({ code: 200 });
    expect(await logged()).toEqual([
      { topic: `${base}/thing/event/property/post`, body: { id: "7", params: { anything: [1] } } },
      { topic: `${base}/thing/event/door/post`, body: { id: "7", params: { value: {} } } },
    ]);
    expect(await ask("GET properties")).toEqual({ items: [] });
  });

  it("of properties become last values, on every node, and a message for applications", async () => {
    const { session, post, logged, ask } = await aModelledDevice(open());
    const { productKey, deviceName } = session.device;
    const answer = await post("event/property/post", { Temp: 22.5, Label: { value: "22", time: NOW - 1_000 } });
    expect(answer).toMatchObject({ code: 200, data: {} });
    expect(await ask("GET properties", {}, 1)).toMatchObject({
      items: [
        { identifier: "Label", value: "22", time: new Date(NOW - 1_000).toISOString() },
        { identifier: "Temp", value: 22.5, receivedAt: expect.any(String) },
      ],
    });
    expect(await logged()).toEqual([
      {
        topic: `/${productKey}/${deviceName}/thing/event/property/post`,
        body: {
          iotId: session.iotId,
          requestId: "7",
          productKey,
          deviceName,
          gmtCreate: expect.any(Number),
          deviceType: "None",
          items: { Temp: { value: 22.5, time: expect.any(Number) }, Label: { value: "22", time: NOW - 1_000 } },
        },
      },
    ]);
  });

  it.each([
    ["an older time changes nothing", NOW - 9_000, 1],
    ["the same time is the newer message", NOW - 5_000, 2],
    ["a newer time is kept", NOW - 1_000, 2],
    ["a clock that was never set counts as now", 12_345, 2],
    ["a clock that is days ahead counts as now", NOW + 9 * 86_400_000, 2],
    ["a time that is none counts as now", "yesterday", 2],
  ])("whose value has a time: %s", async (_, time, kept) => {
    const { post, ask } = await aModelledDevice(open());
    await post("event/property/post", { Count: { value: 1, time: NOW - 5_000 } });
    await post("event/property/post", { Count: { value: 2, time } }, 1);
    const { items } = (await ask("GET properties")) as { items: { value: number; time: string }[] };
    expect(items).toMatchObject([{ value: kept }]);
    expect(Date.parse(items[0]?.time ?? "")).toBeLessThanOrEqual(Date.now());
  });

  it("of many nodes and devices at once all count, and the newest value stays", async () => {
    const one = await aModelledDevice(open());
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        one.post("event/property/post", { Exact: { value: at, time: NOW - 40 + at }, Count: at % 5 }, at % 2),
      ),
    );
    const { items } = (await one.ask("GET properties")) as { items: { identifier: string; value: number }[] };
    expect(items.find(({ identifier }) => identifier === "Exact")).toMatchObject({ value: 39 });
    expect(await one.logged()).toHaveLength(40);
  });

  const wrong = { Temp: 22.5, Count: 99, Nothing: true };
  const told = {
    Count: { code: 460, message: "is greater than 10" },
    Nothing: { code: 6304, message: "not in the thing model" },
  };

  it.each([
    ["off", {}, ["Count", "Temp"], ["Count", "Nothing", "Temp"]],
    ["report", told, ["Count", "Temp"], ["Count", "Nothing", "Temp"]],
    ["enforce", told, ["Temp"], ["Temp"]],
  ])(
    "with wrong values, validated %s: told to the device and to applications, never dropped unseen",
    async (...row) => {
      const [validate, data, last, items] = row;
      const { post, ask, logged } = await aModelledDevice(open(), { validate });
      expect(await post("event/property/post", wrong)).toMatchObject({ code: 200, data });
      const { items: values } = (await ask("GET properties")) as { items: { identifier: string }[] };
      expect(values.map(({ identifier }) => identifier)).toEqual(last);
      const [message] = await logged();
      expect(Object.keys(message?.body["items"] ?? {}).toSorted()).toEqual(items);
      const failed = Object.fromEntries(
        Object.entries(data).map(([name, fault]) => [
          name,
          { value: wrong[name as keyof typeof wrong], time: expect.any(Number), ...(fault as object) },
        ]),
      );
      expect(message?.body["checkFailedData"] ?? {}).toEqual(failed);
    },
  );

  it("of which nothing can be kept are answered with the code of what is wrong", async () => {
    const { post, ask } = await aModelledDevice(open(), { validate: "enforce" });
    expect(await post("event/property/post", { Nothing: 1 })).toMatchObject({ code: 6304 });
    expect(await post("event/property/post", { Count: 99 })).toMatchObject({ code: 460, data: { Count: told.Count } });
    expect(await post("event/property/post", { Count: 99, Nothing: 1 })).toMatchObject({ code: 460 });
    expect(await ask("GET properties")).toEqual({ items: [] });
  });

  it.each([
    ["no object", [1], 460],
    ["a text", "Temp", 460],
    ["201 properties", Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`p${at}`, at])), 6106],
  ])("that are %s are answered with the code, and stay in the log as they came", async (_, params, code) => {
    const { post, logged, base } = await aModelledDevice(open());
    expect(await post("event/property/post", params)).toMatchObject({ code });
    expect(await logged()).toMatchObject([{ topic: `${base}/thing/event/property/post` }]);
  });

  it.each([
    ["larger than 16 KB", "x".repeat(16_384)],
    ["17 levels deep", JSON.parse(`${"[".repeat(17)}1${"]".repeat(17)}`)],
  ])("with a value that is %s keep the others, whatever is validated", async (_, value) => {
    const { post, ask } = await aModelledDevice(open(), { validate: "off" });
    expect(await post("event/property/post", { Label: value, Count: 1 })).toMatchObject({
      code: 200,
      data: { Label: { code: 460 } },
    });
    expect(await ask("GET properties")).toMatchObject({ items: [{ identifier: "Count" }] });
  });

  it("with a value that is nested deeper than a stack keep the others", async () => {
    const { session, base, ask } = await aModelledDevice(open(), { validate: "off" });
    const text = `{"id":"1","params":{"Label":${"[".repeat(100_000)}${"]".repeat(100_000)},"Count":1}}`;
    const reply = await open().node.send(session, `${base}/thing/event/property/post`, text);
    expect(JSON.parse(reply?.text ?? "")).toMatchObject({ code: 200, data: { Label: { code: 460 } } });
    expect(await ask("GET properties")).toMatchObject({ items: [{ identifier: "Count" }] });
  });

  it("of a property that is called like what every object has are values like any other", async () => {
    const model = { properties: [{ identifier: "__proto__", dataType: { type: "int" } }] };
    const { post, ask, logged } = await aModelledDevice(open(), { model, validate: "enforce" });
    expect(await post("event/property/post", JSON.parse('{"__proto__":1,"constructor":2}'))).toMatchObject({
      code: 200,
      data: { constructor: { code: 6304 } },
    });
    expect(await ask("GET properties")).toMatchObject({ items: [{ identifier: "__proto__", value: 1 }] });
    expect(JSON.stringify((await logged())[0]?.body["items"])).toContain('"__proto__":{"value":1');
  });

  it.each([
    ["wrapped with its time", { value: { at: 99 }, time: NOW - 1_000 }, NOW - 1_000],
    ["alone, as the Node SDK sends it", { at: 99 }, expect.any(Number)],
  ])("of an event, %s, become a message for applications", async (_, params, time) => {
    const { session, post, logged } = await aModelledDevice(open(), { validate: "enforce" });
    const { productKey, deviceName } = session.device;
    expect(await post("event/overheat/post", params)).toMatchObject({ code: 200, data: {} });
    expect(await logged()).toEqual([
      {
        topic: `/${productKey}/${deviceName}/thing/event/overheat/post`,
        body: {
          identifier: "overheat",
          name: "too hot",
          type: "alert",
          iotId: session.iotId,
          requestId: "7",
          productKey,
          deviceName,
          gmtCreate: expect.any(Number),
          value: { at: 99 },
          time,
        },
      },
    ]);
  });

  it.each([
    ["off", 200, {}, undefined],
    ["report", 200, { overheat: { code: 460 } }, { code: 460, message: "at is greater than 200" }],
  ])("of a wrong event, validated %s, go on to applications", async (validate, code, data, failed) => {
    const { post, logged } = await aModelledDevice(open(), { validate });
    expect(await post("event/overheat/post", { value: { at: 999 } })).toMatchObject({ code, data });
    expect((await logged())[0]?.body["checkFailedData"]).toEqual(failed);
  });

  it.each([
    ["unknown", "door", {}, 6304],
    ["with a wrong value", "overheat", { at: 999 }, 460],
    ["that is no object", "overheat", 1, 460],
  ])(
    "of an event %s, enforced, are told to the device and stay in the log as they came",
    async (_, id, params, code) => {
      const { post, logged, base } = await aModelledDevice(open(), { validate: "enforce" });
      expect(await post(`event/${id}/post`, params)).toMatchObject({ code });
      expect(await logged()).toMatchObject([{ topic: `${base}/thing/event/${id}/post`, body: { params } }]);
    },
  );

  it("want no answer where they say so, and are kept all the same", async () => {
    const { session, base, ask } = await aModelledDevice(open());
    const silent = { id: "1", sys: { ack: 0 }, params: { Count: 3 } };
    expect(await open().node.send(session, `${base}/thing/event/property/post`, silent)).toBeUndefined();
    expect(await ask("GET properties")).toMatchObject({ items: [{ value: 3 }] });
  });

  it("of a product whose service is off are answered 403, and no value is kept", async () => {
    const { session, post, ask } = await aModelledDevice(open());
    await open().turn(session, "model", false);
    expect(await post("event/property/post", { Count: 3 })).toMatchObject({ code: 403 });
    expect(await ask("GET properties")).toEqual({ items: [] });
  });

  it("of a device that was made again under its name do not become values of the new one, nor does it inherit any", async () => {
    const { session, post, ask } = await aModelledDevice(open());
    await post("event/property/post", { Count: 3 });
    const { operators, actor } = open().node.gateway;
    await operators.devices.remove(actor, session.device);
    const { productKey, deviceName } = session.device;
    const added = await operators.devices.add(actor, productKey, { deviceName });
    if (isProblem(added)) throw new Error(added.code);
    expect((await post("event/property/post", { Count: 4 })).code).toBe(200);
    expect(await ask("GET properties")).toEqual({ items: [] });
  });
});
