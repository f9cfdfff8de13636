import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { A_MODEL } from "../../test/a-model.ts";
import { aModelledDevice } from "../../test/a-modelled-device.ts";

const MODEL = "/v1/products/:productKey/model";

describeService("models of products", (open) => {
  it("come back as they were given, member for member, with a version that grows", async () => {
    const { device } = await open().addDevice();
    const ask = (asked: string, more: object = {}) => open().node.ask(asked, { device, ...more });
    expect(await ask(`GET ${MODEL}`)).toMatchObject({ status: 404, code: "model_not_found" });
    expect(await ask(`PUT ${MODEL}`, { body: A_MODEL })).toEqual({ version: 1 });
    const shown = (await ask(`GET ${MODEL}`)) as { model: object };
    expect(shown).toMatchObject({ version: 1, changedAt: expect.stringMatching(/Z$/) });
    expect(JSON.stringify(shown.model)).toBe(JSON.stringify(A_MODEL));
    expect(await ask(`DELETE ${MODEL}`)).toEqual({ version: 2 });
    expect(await ask(`DELETE ${MODEL}`)).toMatchObject({ status: 404 });
    expect(await ask(`PUT ${MODEL}`, { body: {} })).toEqual({ version: 3 });
  });

  it("that are not valid are refused with the field, and nothing changes", async () => {
    const { device } = await open().addDevice();
    const body = { properties: [{ identifier: "P", dataType: { type: "long" } }] };
    expect(await open().node.ask(`PUT ${MODEL}`, { device, body })).toMatchObject({
      status: 400,
      code: "model_invalid",
      field: "properties.0.dataType.type",
    });
    expect(await open().node.ask(`GET ${MODEL}`, { device })).toMatchObject({ status: 404 });
  });

  it("are changed by exactly one of those who saw the same version, on whichever node", async () => {
    const { device } = await open().addDevice();
    const put = (ifVersion: number, at: number) =>
      open().nodes[at % 2]?.ask(`PUT ${MODEL}`, { device, body: {}, query: { ifVersion } });
    for (const version of [0, 1]) {
      const answers = await Promise.all([0, 1, 2, 3].map((at) => put(version, at)));
      expect(answers.filter((answer) => "version" in (answer as object))).toEqual([{ version: version + 1 }]);
    }
    expect(await put(7, 0)).toMatchObject({ status: 409, code: "version_conflict" });
    const other = await open().addDevice();
    const none = { device: other.device, body: {}, query: { ifVersion: 3 } };
    expect(await open().node.ask(`PUT ${MODEL}`, none)).toMatchObject({ status: 409 });
  });

  it("hold on every node when the answer comes, and leave the options alone", async () => {
    const { session, post } = await aModelledDevice(open(), { validate: "enforce" });
    const { device } = session;
    expect((await post("event/property/post", { New: 1 }, 1)).code).toBe(6304);
    const model = { properties: [{ identifier: "New", dataType: { type: "int" } }] };
    await open().node.ask(`PUT ${MODEL}`, { device, body: model });
    expect((await post("event/property/post", { New: 1 }, 1)).code).toBe(200);
    expect((await post("event/property/post", { New: "1" }, 1)).code).toBe(460);
    await open().node.ask(`PATCH ${MODEL}/options`, { device, body: { validate: "off" } });
    expect((await post("event/property/post", { New: "1" }, 1)).code).toBe(200);
    expect(await open().nodes[1]?.ask(`GET ${MODEL}/options`, { device })).toEqual({ validate: "off", historyDays: 0 });
  });

  it("go with their product", async () => {
    const { session } = await aModelledDevice(open());
    const { device } = session;
    const { operators, actor } = open().node.gateway;
    await operators.devices.remove(actor, device);
    expect(await operators.products.remove(actor, device.productKey)).toBeUndefined();
  });
});
