import { isServiceProblem } from "@trine/services/rest";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { createSqlTopologyStore } from "./sql-store.ts";

const ROUTE = "/v1/products/:productKey/devices/:deviceName/topology";
const LIMITS = { most: 5, atMs: 1_700_000_000_000 };

describeService("who is behind whom", (open) => {
  async function aScene(subs = 3) {
    const fleet = open();
    const add = async (nodeType: "device" | "gateway") => (await fleet.addDevice({ nodeType })).device;
    const [gateway, other] = [await add("gateway"), await add("gateway")];
    const devices = await Promise.all(Array.from({ length: subs }, () => add("device")));
    const wanted = devices.map((device) => ({ device, mayMove: true }));
    return { fleet, store: createSqlTopologyStore(fleet.database), gateway, other, devices, wanted };
  }

  it("is kept: bound once, told once, listed in order and page by page, and taken away", async () => {
    const { store, gateway, devices, wanted } = await aScene();
    expect(await store.bind(gateway, wanted, LIMITS)).toEqual(devices.map((device) => ({ device })));
    expect(await store.bind(gateway, wanted, LIMITS)).toEqual([]);
    const first = await store.behind(gateway, { limit: 2 });
    const after = first.at(-1)?.device;
    const rest = await store.behind(gateway, { limit: 2, ...(after && { after }) });
    expect([...first, ...rest].map(({ device }) => device)).toEqual(
      devices.toSorted((one, two) => (one.productKey < two.productKey ? -1 : 1)),
    );
    expect(await store.unbind(gateway, devices)).toHaveLength(3);
    expect(await store.unbind(gateway, devices)).toEqual([]);
  });

  it("changes whole or not at all: too many, one that stays elsewhere, one that is gone", async () => {
    const { store, gateway, other, devices, wanted } = await aScene();
    expect(await store.bind(gateway, wanted, { ...LIMITS, most: 2 })).toBe("full");
    await store.bind(other, wanted.slice(0, 1), LIMITS);
    const staying = wanted.map((link) => ({ ...link, mayMove: false }));
    expect(await store.bind(gateway, staying, LIMITS)).toBe("taken");
    const gone = { device: { ...gateway, deviceName: "no_such_device" as typeof gateway.deviceName }, mayMove: true };
    expect(await store.bind(gateway, [...wanted, gone], LIMITS)).toBe("gone");
    expect(await store.behind(gateway, { limit: 9 })).toEqual([]);
    expect(await store.bind(gateway, wanted, LIMITS)).toEqual([
      { device: devices[0], from: other },
      ...devices.slice(1).map((device) => ({ device })),
    ]);
    expect(await store.behind(other, { limit: 9 })).toEqual([]);
  });

  it("keeps to the limit, and to one gateway a device, however many change it at once", async () => {
    const { store, gateway, other, wanted } = await aScene(8);
    await Promise.all(
      wanted.flatMap((link) => [store.bind(gateway, [link], LIMITS), store.bind(other, [link], LIMITS)]),
    );
    const counts = await Promise.all(
      [gateway, other].map(async (each) => (await store.behind(each, { limit: 20 })).length),
    );
    expect(Math.max(...counts)).toBeLessThanOrEqual(LIMITS.most);
    const bound = counts.reduce((sum, each) => sum + each, 0);
    expect(bound).toBeLessThanOrEqual(8);
    expect(bound).toBeGreaterThanOrEqual(LIMITS.most);
  });

  it("ends with the device", async () => {
    const { fleet, store, gateway, devices, wanted } = await aScene();
    await store.bind(gateway, wanted, LIMITS);
    const [gone] = devices;
    if (!gone) throw new Error("no device");
    await fleet.node.gateway.operators.devices.remove(fleet.node.gateway.actor, gone);
    expect(await store.behind(gateway, { limit: 9 })).toHaveLength(2);
    await fleet.node.gateway.operators.devices.remove(fleet.node.gateway.actor, gateway);
    expect(await store.gatewaysOf(devices)).toEqual(new Map());
  });

  it("is seen and changed by operators, and the gateway is told", async () => {
    const { fleet, gateway, other, devices } = await aScene();
    const { ask } = fleet.node;
    expect(await ask(`POST ${ROUTE}`, { device: gateway, body: { devices } })).toEqual({ added: devices });
    const listed = (await ask(`GET ${ROUTE}`, { device: gateway, query: { limit: "2" } })) as {
      items: unknown[];
      nextCursor: string;
    };
    expect(listed.items).toHaveLength(2);
    const rest = await ask(`GET ${ROUTE}`, { device: gateway, query: { cursor: listed.nextCursor } });
    expect(rest).toMatchObject({ items: [{ addedAt: expect.any(String) }] });
    expect(await ask(`POST ${ROUTE}`, { device: other, body: { devices: devices.slice(0, 1) } })).toMatchObject({
      added: [devices[0]],
    });
    const [, second] = devices;
    const params = { subProductKey: second?.productKey, subDeviceName: second?.deviceName };
    expect(await ask(`DELETE ${ROUTE}/:subProductKey/:subDeviceName`, { device: gateway, params })).toEqual({
      removed: [second],
    });
    const told = await fleet.node.gateway.platform.mailbox.pending(gateway, { limit: 10, nowMs: Date.now() });
    const statuses = told.map(
      ({ payload }) => (JSON.parse(payload.toString()) as { params: { status: number } }).params.status,
    );
    expect(statuses).toEqual([0, 1, 1]);
  });

  it("is refused to operators with what is wrong", async () => {
    const { fleet, gateway, devices } = await aScene();
    const { ask } = fleet.node;
    const code = async (name: string, request: Parameters<typeof ask>[1]) => {
      const answer = await ask(name, request);
      return isServiceProblem(answer) ? answer.code : answer;
    };
    const [device] = devices;
    if (!device) throw new Error("no device");
    const post = `POST ${ROUTE}`;
    expect(await code(post, { device, body: { devices: [gateway] } })).toBe("not_a_gateway");
    expect(await code(post, { device: gateway, body: { devices: [gateway] } })).toBe("topology_self");
    expect(await code(post, { device: gateway, body: { devices: [{ productKey: "x", deviceName: "y" }] } })).toBe(
      "device_not_found",
    );
    expect(await code(post, { device: gateway, body: { devices }, visible: [gateway.productKey] })).toBe(
      "device_not_found",
    );
    expect(await code(`GET ${ROUTE}`, { device: gateway, query: { cursor: "?" } })).toBe("cursor_invalid");
    const params = { subProductKey: device.productKey, subDeviceName: device.deviceName };
    expect(await code(`DELETE ${ROUTE}/:subProductKey/:subDeviceName`, { device: gateway, params })).toBe("not_behind");
  });
});
