import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { aModelledDevice, type ModelledDevice } from "../../test/a-modelled-device.ts";

const NOW = Date.now();
const at = (value: unknown, msAgo: number) => ({ value, time: NOW - msAgo });

describeService("posts of many values at once", (open) => {
  const last = async ({ ask }: ModelledDevice) => {
    const { items } = (await ask("GET properties")) as { items: { identifier: string; value: unknown }[] };
    return Object.fromEntries(items.map(({ identifier, value }) => [identifier, value]));
  };
  const told = async ({ logged }: ModelledDevice) =>
    (await logged()).map(({ topic, body }) => [topic.split("/thing/")[1], body["items"] ?? body["value"]]);

  it.each(["event/property/pack/post", "event/property/batch/post"])(
    "on %s are values and events, each in its own message in the order of time",
    async (path) => {
      const one = await aModelledDevice(open(), { validate: "enforce" });
      const properties = { Count: [at(1, 3_000), at(2, 2_000)], Temp: at(20, 1_000), Nothing: at(1, 1) };
      const answer = await one.post(path, { properties, events: { overheat: [at({ at: 9 }, 1_000)] } });
      expect(answer).toMatchObject({ code: 200, data: { Nothing: { code: 6304 } } });
      expect(await last(one)).toEqual({ Count: 2, Temp: 20 });
      expect(await told(one)).toEqual([
        ["event/property/post", { Count: at(1, 3_000), Temp: at(20, 1_000) }],
        ["event/property/post", { Count: at(2, 2_000) }],
        ["event/overheat/post", { at: 9 }],
      ]);
    },
  );

  it.each(["event/property/history/post", "property/history/post"])(
    "on %s are values of earlier, which leave a newer one alone",
    async (path) => {
      const one = await aModelledDevice(open());
      await one.post("event/property/post", { Count: 7 });
      const { productKey, deviceName } = one.session.device;
      const params = [
        { identity: { productKey, deviceName }, properties: [{ Count: at(1, 9_000) }, { Count: at(2, 8_000) }] },
        { events: [{ overheat: at({ at: 1 }, 9_000) }] },
      ];
      expect(await one.post(path, params)).toMatchObject({ code: 200, data: {} });
      expect(await last(one)).toEqual({ Count: 7 });
      expect(await told(one)).toHaveLength(4);
    },
  );

  it("take an array that is a value for one value", async () => {
    const one = await aModelledDevice(open(), { validate: "enforce" });
    const properties = { Lanes: [1, 2, 3], Count: at(1, 0) };
    expect(await one.post("event/property/pack/post", { properties })).toMatchObject({ code: 200, data: {} });
    expect(await last(one)).toEqual({ Lanes: [1, 2, 3], Count: 1 });
  });

  const another = { productKey: "a1", deviceName: "other" };
  const many = Array.from({ length: 201 }, (_, index) => at(index, index));
  it.each([
    ["pack", "no object", [], 460],
    ["pack", "properties that are none", { properties: [] }, 460],
    ["pack", "201 values", { properties: { Count: many } }, 6106],
    [
      "pack",
      "200 values and an event",
      { properties: { Count: many.slice(1) }, events: { overheat: at({}, 1) } },
      6106,
    ],
    ["pack", "21 sub-devices", { subDevices: Array.from({ length: 21 }, () => ({})) }, 6357],
    ["pack", "a sub-device that is not below it", { subDevices: [{ identity: another }] }, 6401],
    ["history", "no list", {}, 460],
    ["history", "a part that is none", [1], 460],
    ["history", "values that are none", [{ properties: [1] }], 460],
    ["history", "another device", [{ identity: another, properties: [] }], 6401],
    ["history", "201 values", [{ properties: many.map((value) => ({ Count: value })) }], 6106],
  ])("on %s with %s are refused as a whole, and stay in the log as they came", async (path, _, params, code) => {
    const one = await aModelledDevice(open());
    expect(await one.post(`event/property/${path}/post`, params)).toMatchObject({ code });
    expect(await last(one)).toEqual({});
    expect(await one.logged()).toMatchObject([{ topic: `${one.base}/thing/event/property/${path}/post` }]);
  });
});
