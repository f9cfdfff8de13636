import { once } from "node:events";
import type { DeviceCertificate } from "@trine/device";
import { describe, expect, it } from "vitest";
import { eventually, topicOf } from "../src/fleet.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { readUntil } from "../src/uplink-reader.ts";
import { type VendorDevice, type VendorReply, vendorSdk } from "../src/vendor-sdk.ts";

/** One filter a packet, topics of gateways included (wire-format 6.2). */
const SUBSCRIPTIONS = 16;

describe("the vendor's Node SDK 1.2.8, as it is", () => {
  const trine = shareInstallation("embedded");

  const open = (certificate: DeviceCertificate, more: { signAlgorithm?: string } = {}) =>
    vendorSdk.device({ ...certificate, brokerUrl: `mqtt://127.0.0.1:${trine.ports.mqtt}/`, ...more });
  const show = ({ deviceName }: DeviceCertificate) =>
    trine.api.call<{ status: string }>("GET", `/v1/products/${trine.productKey}/devices/${deviceName}`);

  it("connects, and has all 16 subscriptions that it makes at connect granted", async () => {
    expect(vendorSdk.sdkver).toBe("1.2.8");
    const certificate = await trine.addDevice();
    const device = open(certificate);
    const granted = await subscribed(device);
    expect(granted).toEqual(Array.from({ length: SUBSCRIPTIONS }, () => 1));
    await eventually(
      () => show(certificate),
      ({ status }) => status === "ONLINE",
    );
    await end(device);
    await eventually(
      () => show(certificate),
      ({ status }) => status === "OFFLINE",
    );
  });

  it("gets code 200 for its properties, events and tags, and applications read them", async () => {
    const certificate = await trine.addDevice();
    const device = open(certificate);
    await once(device, "connect");
    const answered = async (post: (callback: (reply: VendorReply) => void) => void) => (await answer(post)).code;
    expect(await answered((callback) => device.postProps({ temperature: 21.5 }, callback))).toBe(200);
    expect(await answered((callback) => device.postEvent("overheat", { at: 99 }, callback))).toBe(200);
    expect(await answered((callback) => device.postTags([{ attrKey: "room", attrValue: "12" }], callback))).toBe(200);

    const read = await readUntil(trine.api, (messages) => sentBy(messages, certificate).length >= 3, {
      group: "vendor",
      productKey: trine.productKey,
    });
    const posted = sentBy(read, certificate).map(({ topic, text }) => ({ topic, params: JSON.parse(text).params }));
    const system = `/sys/${trine.productKey}/${certificate.deviceName}/thing`;
    expect(posted).toEqual([
      { topic: `${system}/event/property/post`, params: { temperature: 21.5 } },
      { topic: `${system}/event/overheat/post`, params: { at: 99 } },
      { topic: `${system}/deviceinfo/update`, params: [{ attrKey: "room", attrValue: "12" }] },
    ]);
    await end(device);
  });

  it("receives what is sent through the REST API: on a topic of its own, and as a property to set", async () => {
    const certificate = await trine.addDevice();
    const device = open(certificate);
    await once(device, "connect");
    const set = new Promise<object>((done) => device.onProps(({ params }) => done(params)));
    const topic = topicOf(certificate, "user/get");
    await new Promise<void>((done, fail) =>
      device.subscribe(topic, { qos: 1 }, (error) => (error ? fail(error) : done())),
    );
    const received = new Promise<string>((done) =>
      device.on("message", (on: string, payload: Buffer) => on === topic && done(payload.toString())),
    );
    await trine.send(certificate, topic, "hello");
    await trine.send(
      certificate,
      `/sys/${trine.productKey}/${certificate.deviceName}/thing/service/property/set`,
      JSON.stringify({ id: "1", version: "1.0", method: "thing.service.property.set", params: { light: 1 } }),
    );
    expect(await received).toBe("hello");
    expect(await set).toEqual({ light: 1 });
    await end(device);
  });

  it("is refused with code 4 for a wrong secret, and for a SHA-1 MAC that it calls SHA-256", async () => {
    const certificate = await trine.addDevice();
    const wrong = open({ ...certificate, deviceSecret: "0".repeat(32) });
    expect(await refusal(wrong)).toBe(4);
    const lying = open(certificate, { signAlgorithm: "sha256" });
    expect(await refusal(lying)).toBe(4);
    expect((await show(certificate)).status).toBe("UNACTIVE");
  });

  it("comes back with its subscriptions after the gateway was started again", async () => {
    const certificate = await trine.addDevice();
    const device = open(certificate);
    // MQTT.js 3 does not repeat a SUBSCRIBE that was cut off before its SUBACK.
    await subscribed(device);
    const back = once(device, "connect");
    expect(await trine.app("mqtt").stop()).toBe(0);
    await trine.app("mqtt").start();
    await back;
    expect((await answer((callback) => device.postProps({ on: 1 }, callback))).code).toBe(200);
    await end(device);
  }, 60_000);
});

function answer(post: (callback: (reply: VendorReply) => void) => void): Promise<VendorReply> {
  return new Promise((done) => post(done));
}

/** Waits for the answers to everything that the SDK subscribes by itself. @returns the granted QoS of each. */
function subscribed(device: VendorDevice): Promise<readonly number[]> {
  const granted: number[] = [];
  return new Promise((done) => {
    device.mqttClient.on("packetreceive", (packet: { cmd: string; granted?: number[] }) => {
      if (packet.cmd === "suback") granted.push(...(packet.granted ?? []));
      if (granted.length === SUBSCRIPTIONS) done(granted);
    });
  });
}

/** The CONNACK code of a refusal. */
async function refusal(device: VendorDevice): Promise<number> {
  const [[error]] = (await once(device, "error")) as [[Error & { code: number }]];
  await end(device);
  return error.code;
}

async function end(device: VendorDevice): Promise<void> {
  await new Promise<void>((done) => device.end(false, done));
  expect(device.connected).toBe(false);
}

function sentBy<T extends { deviceName: string; topic: string }>(
  messages: readonly T[],
  { deviceName }: DeviceCertificate,
): readonly T[] {
  return messages.filter((message) => message.deviceName === deviceName && message.topic.startsWith("/sys/"));
}
