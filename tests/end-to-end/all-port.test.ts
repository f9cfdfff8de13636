import { join } from "node:path";
import { connectHttp, connectMqtt, type DeviceCertificate } from "@trine/device";
import { spawnProcess } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { readUntil } from "../src/uplink-reader.ts";

describe("one port for all", () => {
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    // Nothing else is open, as behind a firewall.
    const off = { TRINE_MQTT_PORT: "off", TRINE_MQTTS_PORT: "off", TRINE_HTTP_PORT: "off", TRINE_HTTPS_PORT: "off" };
    trine = await startInstallation("embedded", { ...off, TRINE_ALL_PORT: "0" });
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(() => trine?.dispose());

  const target = (certificate: DeviceCertificate) => ({ host: "127.0.0.1", port: trine.ports.all, certificate });
  const send = ({ deviceName }: DeviceCertificate, topic: string, payload: string) =>
    trine.api.call("POST", `/v1/products/${productKey}/devices/${deviceName}/messages`, { topic, payload });
  const textsOf = async ({ deviceName }: DeviceCertificate, count: number) => {
    const from = (messages: Awaited<ReturnType<typeof readUntil>>) =>
      messages.filter((message) => message.deviceName === deviceName && message.topic.endsWith("/user/update"));
    const read = await readUntil(trine.api, (messages) => from(messages).length >= count, {
      group: deviceName,
      productKey,
    });
    return from(read).map(({ text }) => text);
  };

  const WAYS = {
    "in clear": () => ({}),
    "over TLS": () => ({ tls: { ca: trine.ca } }),
    "over TLS with a pre-shared key": () => ({ tls: "psk" }) as const,
  };

  it.each(Object.entries(WAYS))("takes MQTT and HTTP %s", async (_way, secured) => {
    const certificate = await addDevice(trine.api, productKey);
    const topic = topicOf(certificate, "user/get");
    const received: string[] = [];
    const onMessage = ({ payload }: { payload: Buffer }) => received.push(payload.toString());
    const overMqtt = await connectMqtt({ ...target(certificate), ...secured(), onMessage });
    await overMqtt.subscribe([topic]);
    await overMqtt.publish({ topic: topicOf(certificate, "user/update"), payload: "over MQTT" });
    await send(certificate, topic, "to MQTT");
    await expect.poll(() => received).toEqual(["to MQTT"]);
    await overMqtt.close();

    const overHttp = await connectHttp({ ...target(certificate), ...secured() });
    await overHttp.publish({ topic: topicOf(certificate, "user/update"), payload: "over HTTP" });
    await send(certificate, topic, "to HTTP");
    const message = await overHttp.fetchMessage({ waitMs: 10_000 });
    expect(message?.payload.toString()).toBe("to HTTP");
    await message?.acknowledge();
    await overHttp.close();
    expect(await textsOf(certificate, 2)).toEqual(["over MQTT", "over HTTP"]);
  });

  it("takes the vendor's Node SDK over TLS, as it is", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const topic = topicOf(certificate, "user/get");
    const config = { ...certificate, brokerUrl: `mqtts://127.0.0.1:${trine.ports.all}/` };
    const device = await spawnProcess({
      command: [process.execPath, join(ROOT, "tests/src/vendor-device.mjs"), JSON.stringify(config), topic],
      env: { NODE_EXTRA_CA_CERTS: trine.caFile },
      ready: /subscribed/,
    });
    await send(certificate, topic, "hello");
    await expect.poll(() => device.lines).toEqual(["posted 200", "subscribed", "message hello"]);
    await device.stop();
  });
});
