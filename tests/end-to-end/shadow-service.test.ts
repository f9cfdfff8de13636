import { once } from "node:events";
import { connectHttp, connectMqtt, type DeviceCertificate } from "@trine/device";
import { describe, expect, it } from "vitest";
import { eventually } from "../src/fleet.ts";
import { INSTALLATIONS } from "../src/installation.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { type VendorShadowMessage, vendorSdk } from "../src/vendor-sdk.ts";

/** What came, one after the other. */
function createArrivals<T>() {
  const came: T[] = [];
  const wanted: ((one: T) => void)[] = [];
  return {
    push(one: T) {
      const next = wanted.shift();
      if (next) next(one);
      else came.push(one);
    },
    next: () => {
      const one = came.shift();
      return one === undefined ? new Promise<T>((done) => wanted.push(done)) : Promise.resolve(one);
    },
    count: () => came.length,
  };
}

describe.each(INSTALLATIONS)("shadows, %s", (kind) => {
  const trine = shareInstallation(kind);
  const shadowOf = ({ deviceName }: DeviceCertificate) =>
    `/v1/products/${trine.productKey}/devices/${deviceName}/shadow`;
  const desire = (certificate: DeviceCertificate, desired: object) =>
    trine.api.call<{ version: number }>("PATCH", shadowOf(certificate), { desired });

  async function connect(certificate: DeviceCertificate) {
    const arrivals = createArrivals<VendorShadowMessage>();
    const device = await connectMqtt({
      host: "127.0.0.1",
      port: trine.ports.mqtt,
      certificate,
      onMessage: ({ payload }) => arrivals.push(JSON.parse(payload.toString())),
    });
    const names = `${certificate.productKey}/${certificate.deviceName}`;
    const publish = (body: string) => device.publish({ topic: `/shadow/update/${names}`, payload: body, qos: 1 });
    return { device, arrivals, publish, subscribe: () => device.subscribe([`/shadow/get/${names}`], 1) };
  }

  it("are reported, desired, done and deleted by the vendor's Node SDK, as it is", async () => {
    const certificate = await trine.addDevice();
    const device = vendorSdk.device({ ...certificate, brokerUrl: `mqtt://127.0.0.1:${trine.ports.mqtt}/` });
    const arrivals = createArrivals<VendorShadowMessage>();
    device.onShadow((message) => arrivals.push(message));
    await once(device, "connect");

    device.getShadow();
    expect(await arrivals.next()).toMatchObject({ method: "reply", payload: { content: { errorcode: "407" } } });
    device.postShadow({ color: "red", heat: 20 });
    const { payload } = await arrivals.next();
    expect(payload).toEqual({ status: "success", version: expect.any(Number) });

    const { version } = await desire(certificate, { color: "green" });
    expect(version).toBe((payload.version ?? 0) + 1);
    expect(await arrivals.next()).toMatchObject({
      method: "control",
      payload: { state: { reported: { color: "red", heat: 20 }, desired: { color: "green" } } },
      version,
    });

    device.deleteShadow("heat");
    expect(await arrivals.next()).toMatchObject({ payload: { status: "success" } });
    device.getShadow();
    const shown = await arrivals.next();
    expect(shown).toMatchObject({ method: "reply", payload: { status: "success" } });
    expect(shown.payload.state).toEqual({ reported: { color: "red" }, desired: { color: "green" } });
    device.deleteShadow();
    expect(await arrivals.next()).toMatchObject({ payload: { status: "success" } });
    const left = await trine.api.call("GET", shadowOf(certificate));
    expect(left).toMatchObject({ state: { reported: {}, desired: { color: "green" } } });
    await new Promise<void>((done) => device.end(false, done));
  });

  it("keep the connection of a device that sends what is no JSON, and take the two commas of C SDK 2.x", async () => {
    const { device, arrivals, publish, subscribe } = await connect(await trine.addDevice());
    await subscribe();
    await publish('{"method":"update","state":{"reported":{"light":1,"heat":2}},"clientToken":"t-1","version":1}');
    expect(await arrivals.next()).toMatchObject({ payload: { status: "success", version: 1 }, clientToken: "t-1" });
    await publish('{"method":"delete",,"state":{"reported":{"light":"null"}},"clientToken":"t-3","version":3}');
    expect(await arrivals.next()).toMatchObject({ payload: { status: "success", version: 3 }, clientToken: "t-3" });
    await publish('{"method":');
    expect(await arrivals.next()).toMatchObject({ payload: { status: "error", content: { errorcode: "400" } } });
    await publish('{"method":"get"}');
    expect(await arrivals.next()).toMatchObject({ payload: { state: { reported: { heat: 2 } } }, version: 3 });
    await device.close();
  });

  it("reach a device that was away: the newest, once", async () => {
    const certificate = await trine.addDevice();
    for (const color of ["red", "green", "blue"]) await desire(certificate, { color });
    const { device, arrivals, publish, subscribe } = await connect(certificate);
    await subscribe();
    expect(await arrivals.next()).toMatchObject({
      method: "control",
      payload: { state: { desired: { color: "blue" } } },
    });
    await publish('{"method":"update","state":{"reported":{"color":"blue"},"desired":"null"},"version":4}');
    expect(await arrivals.next()).toMatchObject({ method: "reply", payload: { status: "success", version: 4 } });
    expect(arrivals.count()).toBe(0);
    await device.close();
  });

  it("reach a device over HTTP by its mailbox, and take what it reports", async () => {
    const certificate = await trine.addDevice();
    const device = await connectHttp({ host: "127.0.0.1", port: trine.ports.http, certificate });
    const topic = `/shadow/update/${certificate.productKey}/${certificate.deviceName}`;
    await desire(certificate, { color: "green" });
    const message = await device.fetchMessage({ waitMs: 5_000 });
    expect(JSON.parse(message?.payload.toString() ?? "{}")).toMatchObject({ method: "control", version: 1 });
    const done = { method: "update", state: { reported: { color: "green" }, desired: "null" }, version: 2 };
    await device.publish({ topic, payload: JSON.stringify(done) });
    const shown = await eventually(
      () => trine.api.call<{ version: number }>("GET", shadowOf(certificate)),
      ({ version }) => version === 2,
    );
    expect(shown).toMatchObject({ state: { reported: { color: "green" }, desired: {} } });
    await device.close();
  });
});
