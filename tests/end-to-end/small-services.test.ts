import { connectMqtt, type DeviceCertificate, type MqttMessage } from "@trine/device";
import { describe, expect, it } from "vitest";
import { INSTALLATIONS } from "../src/installation.ts";
import { shareInstallation } from "../src/shared-installation.ts";

describe.each(INSTALLATIONS)("what services do for a device over MQTT, %s", (kind) => {
  const trine = shareInstallation(kind);

  /** A device that is subscribed, and hands each message to whoever waits for it. */
  async function connect(certificate: DeviceCertificate, filters: readonly string[]) {
    const got: MqttMessage[] = [];
    const waiting = new Set<() => void>();
    const device = await connectMqtt({
      host: "127.0.0.1",
      port: trine.ports.mqtt,
      certificate,
      onMessage(message) {
        got.push(message);
        for (const look of waiting) look();
      },
    });
    await device.subscribe([...filters]);
    const next = (part: string) =>
      new Promise<MqttMessage>((done) => {
        const look = () => {
          const at = got.findIndex(({ topic }) => topic.includes(part));
          if (at < 0) return;
          waiting.delete(look);
          done(got.splice(at, 1)[0] as MqttMessage);
        };
        waiting.add(look);
        look();
      });
    return { device, next };
  }

  const sys = ({ productKey, deviceName }: DeviceCertificate) => `/sys/${productKey}/${deviceName}`;

  it("asks it and brings its answer back, and broadcasts to it", async () => {
    const certificate = await trine.addDevice();
    const news = `/broadcast/${trine.productKey}/news`;
    const { device, next } = await connect(certificate, [`${sys(certificate)}/rrpc/request/+`, news]);
    const path = `/v1/products/${trine.productKey}/devices/${certificate.deviceName}/rrpc`;
    const asked = trine.api.call<{ payload: string }>("POST", path, { payload: "on?" });
    const { topic, payload } = await next("/rrpc/request/");
    expect(payload.toString()).toBe("on?");
    await device.publish({ topic: topic.replace("request", "response"), payload: "yes" });
    expect(Buffer.from((await asked).payload, "base64").toString()).toBe("yes");
    const sent = await trine.api.call("POST", `/v1/products/${trine.productKey}/broadcast`, {
      topic: "news",
      payload: "hi",
    });
    expect(sent).toMatchObject({ delivered: 1, silentNodes: 0 });
    expect((await next("/broadcast/")).payload.toString()).toBe("hi");
    await device.close();
  });

  it("tells it its configuration, which it fetches by the link over HTTP, whole and in parts", async () => {
    const certificate = await trine.addDevice();
    await trine.api.call("PUT", `/v1/products/${trine.productKey}/config`, { content: "interval=60" });
    const { device, next } = await connect(certificate, [
      `${sys(certificate)}/thing/config/+`,
      `${sys(certificate)}/thing/config/push`,
    ]);
    const params = { configScope: "product", getType: "file" };
    await device.publish({ topic: `${sys(certificate)}/thing/config/get`, payload: JSON.stringify({ id: 1, params }) });
    const { data } = JSON.parse((await next("get_reply")).payload.toString());
    const { pathname } = new URL(data.url);
    const fetchIt = (headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${trine.ports.http}${pathname}`, { headers });
    expect(await (await fetchIt()).text()).toBe("interval=60");
    const part = await fetchIt({ Range: "bytes=9-" });
    expect([part.status, await part.text()]).toEqual([206, "60"]);
    await trine.api.call("POST", `/v1/products/${trine.productKey}/config/push`, {});
    const pushed = JSON.parse((await next("config/push")).payload.toString());
    expect(pushed.params.configId).toBe(data.configId);
    await device.close();
  });
});
