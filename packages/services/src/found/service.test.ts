import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";

const ROUTE = "GET /v1/products/:productKey/devices/:deviceName/found";

describeService("what gateways find", (open) => {
  async function tell(session: Session, params: unknown, node = open().node): Promise<{ code: number }> {
    const { productKey, deviceName } = session.device;
    const answer = await node.send(session, `/sys/${productKey}/${deviceName}/thing/list/found`, { id: "1", params });
    return JSON.parse(answer?.text ?? "{}");
  }
  const show = ({ device }: Session) => open().node.ask(ROUTE, { device });
  const names = (...deviceNames: string[]) =>
    deviceNames.map((deviceName) => ({ productKey: "a1b2C3d4E5f", deviceName }));

  it("is shown, the last list of each, and told to applications in their form", async () => {
    const gateway = await open().addDevice({ nodeType: "gateway" });
    expect(await show(gateway)).toMatchObject({ status: 404 });
    expect((await tell(gateway, names("dev1"))).code).toBe(200);
    expect((await tell(gateway, names("dev2", "dev3", "dev2"), open().nodes[1])).code).toBe(200);
    expect(await show(gateway)).toMatchObject({ devices: names("dev2", "dev3") });
    const { productKey, deviceName } = gateway.device;
    const { uplinkLog } = open().node.gateway.operators;
    const ask = { consumer: "c", count: 100, productKey, nowMs: Date.now() };
    const read = await uplinkLog.read(`g${productKey}`, ask);
    const told = typeof read === "string" ? [] : read.filter(({ topic }) => topic.includes("/list/found"));
    expect(told.map(({ topic }) => topic)).toEqual(Array(2).fill(`/${productKey}/${deviceName}/thing/list/found`));
    expect(JSON.parse(told[1]?.payload.toString() ?? "")).toEqual({
      gwIotId: gateway.iotId,
      gwProductKey: productKey,
      gwDeviceName: deviceName,
      devices: names("dev2", "dev3"),
    });
  });

  it.each([
    ["no list", {}],
    ["an empty list", []],
    ["a name that no device has", [{ productKey: "a1b2C3d4E5f", deviceName: "a/b" }]],
    ["no product", [{ deviceName: "dev1" }]],
    ["more than 100", names(...Array.from({ length: 101 }, (_, at) => `dev${at}`))],
  ])("is 460 with %s", async (_, params) => {
    const gateway = await open().addDevice({ nodeType: "gateway" });
    expect((await tell(gateway, params)).code).toBe(460);
    expect(await show(gateway)).toMatchObject({ status: 404 });
  });

  it("is 403 where the product does not have the service", async () => {
    const gateway = await open().addDevice({ nodeType: "gateway" });
    await open().turn(gateway, "found", false);
    expect((await tell(gateway, names("dev1"))).code).toBe(403);
  });
});
