import { once } from "node:events";
import type { DeviceCertificate } from "@trine/device";
import { describe, expect, it } from "vitest";
import { INSTALLATIONS } from "../src/installation.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { readUntil } from "../src/uplink-reader.ts";
import { type VendorReply, vendorSdk } from "../src/vendor-sdk.ts";

const MODEL = {
  properties: [
    { identifier: "temperature", dataType: { type: "float", specs: { min: "-40", max: "100" } } },
    { identifier: "light", dataType: { type: "bool", specs: { "0": "off", "1": "on" } } },
  ],
  events: [{ identifier: "overheat", type: "alert", outputData: [{ identifier: "at", dataType: { type: "int" } }] }],
  services: [
    { identifier: "reboot", callType: "async", inputData: [{ identifier: "delay", dataType: { type: "int" } }] },
  ],
};

describe.each(INSTALLATIONS)("a thing model, %s, with the vendor's Node SDK", (kind) => {
  const trine = shareInstallation(kind);
  const path = ({ deviceName }: DeviceCertificate) => `/v1/products/${trine.productKey}/devices/${deviceName}`;

  async function open(certificate: DeviceCertificate) {
    await trine.api.call("PUT", `/v1/products/${trine.productKey}/model`, MODEL);
    const options = { validate: "enforce", historyDays: 7 };
    await trine.api.call("PATCH", `/v1/products/${trine.productKey}/model/options`, options);
    const device = vendorSdk.device({ ...certificate, brokerUrl: `mqtt://127.0.0.1:${trine.ports.mqtt}/` });
    await once(device, "connect");
    return device;
  }

  it("keeps what the device posts, and tells applications in the vendor's form", async () => {
    const certificate = await trine.addDevice();
    const device = await open(certificate);
    const answer = (post: (callback: (reply: VendorReply) => void) => void) => new Promise<VendorReply>(post);
    expect(await answer((done) => device.postProps({ temperature: 21.5, light: 7 }, done))).toMatchObject({
      code: 200,
      data: { light: { code: 460 } },
    });
    expect(await answer((done) => device.postEvent("overheat", { at: 99 }, done))).toMatchObject({ code: 200 });
    expect(await trine.api.call("GET", `${path(certificate)}/properties`)).toMatchObject({
      items: [{ identifier: "temperature", value: 21.5 }],
    });
    for (const list of ["properties/temperature/history", "events"])
      expect(await trine.api.call("GET", `${path(certificate)}/${list}`)).toMatchObject({
        items: [{ value: expect.anything() }],
      });
    const own = `/${trine.productKey}/${certificate.deviceName}/thing/event`;
    const told = (messages: readonly { topic: string }[]) => messages.filter(({ topic }) => topic.startsWith(own));
    const read = await readUntil(trine.api, (messages) => told(messages).length >= 2, { group: "model" });
    const bodies = read.filter(({ topic }) => topic.startsWith(own)).map(({ text }) => JSON.parse(text));
    expect(bodies).toMatchObject([
      { items: { temperature: { value: 21.5 } }, checkFailedData: { light: { value: 7, code: 460 } } },
      { identifier: "overheat", type: "alert", value: { at: 99 } },
    ]);
    await new Promise<void>((done) => device.end(false, done));
  });

  it("hands the device what it is asked, and its answer to who waits", async () => {
    const certificate = await trine.addDevice();
    const device = await open(certificate);
    const { productKey, deviceName } = certificate;
    device.onProps(({ id }) => {
      const topic = `/sys/${productKey}/${deviceName}/thing/service/property/set_reply`;
      device.publish(topic, JSON.stringify({ id, code: 200, data: {} }), { qos: 1 }, () => undefined);
    });
    device.onService("reboot", ({ id, params }, reply) => reply({ id, code: 200, data: params }));
    const ask = (asked: string, body: object) =>
      trine.api.call("POST", `${path(certificate)}/${asked}?wait=8000`, body);
    expect(await ask("properties", { items: { light: 1 } })).toMatchObject({ state: "answered", code: 200 });
    expect(await ask("services/reboot", { args: { delay: 3 } })).toMatchObject({
      state: "answered",
      data: { delay: 3 },
    });
    await new Promise<void>((done) => device.end(false, done));
  });
});
