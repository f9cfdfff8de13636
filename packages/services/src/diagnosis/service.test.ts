import type { Session } from "@trine/core/auth";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";

const ROUTE = "GET /v1/products/:productKey/devices/:deviceName/diagnosis";
const WIFI = { rssi: 75, snr: 20, per: 10, err_stats: "10,02,01;10,05,01" };
const NOW = "quantity=single|format=simple|time=now";

describeService("the diagnosis of a network", (open) => {
  async function post(session: Session, params: unknown, node = open().node): Promise<{ code: number }> {
    const { productKey, deviceName } = session.device;
    const answer = await node.send(session, `/sys/${productKey}/${deviceName}/_thing/diag/post`, { id: "1", params });
    return JSON.parse(answer?.text ?? "{}");
  }
  const list = async ({ device }: Session) => {
    const { items } = (await open().node.ask(ROUTE, { device })) as { items: { network: Record<string, unknown> }[] };
    return items;
  };

  it("is shown as the device said it, of now and of the past", async () => {
    const session = await open().addDevice();
    expect(await list(session)).toEqual([]);
    expect((await post(session, { p: { wifi: WIFI, _time: 1_566_432_629_000 }, model: NOW })).code).toBe(200);
    const past = [{ wifi: { rssi: 1 } }, { wifi: { rssi: 2 } }];
    const model = "format=simple|quantity=batch|time=history";
    expect((await post(session, { p: past, model }, open().nodes[1])).code).toBe(200);
    expect(await list(session)).toMatchObject([
      { history: true, network: { wifi: { rssi: 2 } } },
      { history: true, network: { wifi: { rssi: 1 } } },
      { history: false, time: "2019-08-22T00:10:29.000Z", network: { wifi: WIFI } },
    ]);
  });

  it("keeps the last 50 records, whichever nodes they come in on at once", async () => {
    const session = await open().addDevice();
    const batch = Array.from({ length: 20 }, (_, at) => ({ at }));
    await Promise.all(Array.from({ length: 6 }, (_, at) => post(session, { p: batch }, open().nodes[at % 2])));
    const items = await list(session);
    expect(items).toHaveLength(50);
    expect(items.slice(0, 20).map(({ network }) => network["at"])).toEqual(batch.map(({ at }) => at).reverse());
  });

  it.each([
    ["nothing", {}],
    ["an empty list", { p: [] }],
    ["more than 20 records", { p: Array.from({ length: 21 }, () => ({})) }],
    ["a record of more than 2048 characters", { p: { a: "x".repeat(2_048) } }],
    ["a time that is none", { p: { _time: "now" } }],
    ["a text that nothing can keep", { p: { a: "\0" } }],
    ["a list of texts", { p: ["a"] }],
  ])("is 460 to %s", async (_, params) => {
    const session = await open().addDevice();
    expect((await post(session, params)).code).toBe(460);
    expect(await list(session)).toEqual([]);
  });

  it("is 403 where the product does not have the service", async () => {
    const session = await open().addDevice();
    await open().turn(session, "diagnosis", false);
    expect((await post(session, { p: {} })).code).toBe(403);
  });
});
