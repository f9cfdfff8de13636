import { describe, expect, it } from "vitest";
import { describeService } from "../../../test/a-fleet.ts";
import { parseInform } from "./parse-inform.ts";

const ROUTE = "GET /v1/products/:productKey/devices/:deviceName/firmware";

describe("what a device says it runs", () => {
  it.each([
    ['{"id":"1","params":{"version":"1.0.1","module":"mcu"}}', { version: "1.0.1", module: "mcu" }],
    ['{"id":1,"params":{"version":"app-1.0 (beta)"}}', { version: "app-1.0 (beta)", module: "default" }],
    ['{"params":{"version":"1","module":""}}\0', { version: "1", module: "default" }],
  ])("%s is read", (text, inform) => {
    expect(parseInform(Buffer.from(text))).toEqual(inform);
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["no params", '{"id":"1"}'],
    ["params that are a list", '{"params":[]}'],
    ["no version", '{"params":{}}'],
    ["an empty version", '{"params":{"version":""}}'],
    ["a version that is a number", '{"params":{"version":1}}'],
    ["a version of 65 characters", JSON.stringify({ params: { version: "v".repeat(65) } })],
    ["NUL in a version", '{"params":{"version":"a\\u0000"}}'],
    ["half of a surrogate pair", '{"params":{"version":"\\ud800"}}'],
    ["a module with a slash", '{"params":{"version":"1","module":"a/b"}}'],
  ])("with %s is none", (_, text) => {
    expect(parseInform(Buffer.from(text))).toBeUndefined();
  });
});

describeService("versions of devices", (open) => {
  async function aDevice() {
    const fleet = open();
    const session = await fleet.addDevice();
    const { productKey, deviceName } = session.device;
    const topic = `/ota/device/inform/${productKey}/${deviceName}`;
    return {
      fleet,
      session,
      inform: (params: unknown, at = fleet.node) => at.send(session, topic, { id: "1", params }),
      shown: (at = fleet.node) => at.ask(ROUTE, { device: session.device }),
    };
  }

  it("are what each module last informed of, on whichever node", async () => {
    const { fleet, inform, shown } = await aDevice();
    expect(await inform({ version: "1.0.0" })).toBeUndefined();
    await inform({ version: "7", module: "mcu" }, fleet.nodes[1]);
    await inform({ version: "1.0.1", module: "default" }, fleet.nodes[1]);
    expect(await shown()).toEqual({
      modules: [
        { module: "default", version: "1.0.1", since: expect.any(String) },
        { module: "mcu", version: "7", since: expect.any(String) },
      ],
    });
  });

  it("keep the time of the first of equal informs", async () => {
    const { inform, shown } = await aDevice();
    await inform({ version: "1" });
    const first = await shown();
    await new Promise((done) => setTimeout(done, 2));
    await inform({ version: "1" });
    expect(await shown()).toEqual(first);
  });

  it("are of 20 modules at most, and those that are known go on", async () => {
    const { inform, shown } = await aDevice();
    for (let at = 0; at < 21; at += 1) await inform({ version: "1", module: `m${at}` });
    await inform({ version: "2", module: "m0" });
    const { modules } = (await shown()) as { modules: { module: string; version: string }[] };
    expect(modules).toHaveLength(20);
    expect(modules.find(({ module }) => module === "m0")?.version).toBe("2");
    expect(modules.find(({ module }) => module === "m20")).toBeUndefined();
  });

  it("stay as they were after what cannot be read, and where the product has the service switched off", async () => {
    const { fleet, session, inform, shown } = await aDevice();
    await inform({ version: "1" });
    const before = await shown();
    await inform({ version: 2 });
    await fleet.turn(session, "ota", false);
    await inform({ version: "3" });
    expect(await shown()).toEqual(before);
  });

  it("die with their device", async () => {
    const { fleet, session, inform, shown } = await aDevice();
    await inform({ version: "1" });
    await fleet.node.gateway.operators.devices.remove(fleet.node.gateway.actor, session.device);
    expect(await shown()).toEqual({ modules: [] });
  });
});
