import { type DeviceCertificate, signCoapLogin, signMqttLogin } from "@trine/device";
import { Agent, type IncomingMessage } from "coap";
import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient } from "mqtt";
import { describe, expect, it } from "vitest";
import { topicOf } from "../src/fleet.ts";
import { shareInstallation } from "../src/shared-installation.ts";

describe("the JavaScript clients that firmware and tools use", () => {
  const trine = shareInstallation("embedded");

  const connect = (certificate: DeviceCertificate, options: IClientOptions = {}) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${trine.ports.mqtt}`, {
      ...signMqttLogin(certificate),
      reconnectPeriod: 0,
      ...options,
    });

  it("MQTT.js 5 publishes with QoS 0 and 1 in one order", async () => {
    const certificate = await trine.addDevice();
    const client = await connect(certificate);
    const topic = topicOf(certificate, "user/update");
    const sent = Array.from({ length: 20 }, (_, at) => `message ${at}`);
    await Promise.all(sent.map((payload, at) => client.publishAsync(topic, payload, { qos: at % 2 === 0 ? 0 : 1 })));
    expect((await trine.readFrom(certificate, sent.length)).map(({ text }) => text)).toEqual(sent);
    await client.endAsync();
  });

  it("MQTT.js 5 loses no message of QoS 0 that it sends right before its DISCONNECT", async () => {
    const certificate = await trine.addDevice();
    const client = await connect(certificate);
    const sent = Array.from({ length: 20 }, (_, at) => `last ${at}`);
    for (const payload of sent) client.publish(topicOf(certificate, "user/update"), payload, { qos: 0 });
    await client.endAsync();
    expect((await trine.readFrom(certificate, sent.length)).map(({ text }) => text)).toEqual(sent);
  });

  it("MQTT.js 5 subscribes, and receives what was sent through the REST API", async () => {
    const certificate = await trine.addDevice();
    const client = await connect(certificate);
    const topic = topicOf(certificate, "user/get");
    expect(await client.subscribeAsync(topic, { qos: 1 })).toMatchObject([{ topic, qos: 1 }]);
    const received = nextMessage(client);
    await trine.send(certificate, topic, "downlink");
    expect(await received).toEqual({ topic, text: "downlink" });
    await client.unsubscribeAsync(topic);
    await client.endAsync();
  });

  it("MQTT.js 5 finds its lasting session again, and in it what came while it was away", async () => {
    const certificate = await trine.addDevice();
    const topic = topicOf(certificate, "user/get");
    const first = await connect(certificate, { clean: false });
    await first.subscribeAsync(topic, { qos: 1 });
    await first.endAsync();
    await trine.send(certificate, topic, "while away");

    const { clientId, ...login } = signMqttLogin(certificate);
    const second = mqtt.connect(`mqtt://127.0.0.1:${trine.ports.mqtt}`, {
      ...login,
      clientId,
      clean: false,
      reconnectPeriod: 50,
    });
    const received = nextMessage(second);
    expect((await nextConnack(second)).sessionPresent).toBe(true);
    expect(await received).toEqual({ topic, text: "while away" });

    // A broken line is not a goodbye: it reconnects by itself and goes on.
    const again = nextConnack(second);
    const after = nextMessage(second);
    second.stream.destroy();
    await again;
    await trine.send(certificate, topic, "after the break");
    expect(await after).toEqual({ topic, text: "after the break" });
    await second.endAsync();
  });

  it("MQTT.js 5 is refused with code 4 for a wrong secret", async () => {
    const certificate = await trine.addDevice();
    await expect(connect({ ...certificate, deviceSecret: "0".repeat(32) })).rejects.toMatchObject({ code: 4 });
  });

  it("the coap package logs in and publishes with its token in option 2088", async () => {
    const certificate = await trine.addDevice();
    // It closes its socket by itself after the last answer.
    const agent = new Agent({ type: "udp4" });
    const post = (pathname: string, body: string, token?: string) =>
      new Promise<IncomingMessage>((done, fail) => {
        const request = agent.request({ host: "127.0.0.1", port: trine.ports.coap, method: "POST", pathname });
        request.setOption("Content-Format", token === undefined ? "application/json" : "application/octet-stream");
        if (token !== undefined) request.setOption("2088", Buffer.from(token));
        request.once("response", done).once("error", fail);
        request.end(body);
      });
    const login = await post("/auth", signCoapLogin(certificate));
    expect(login.code).toBe("2.05");
    const { token } = JSON.parse(login.payload.toString()) as { token: string };
    expect((await post(`/topic${topicOf(certificate, "user/update")}`, "from coap", token)).code).toBe("2.05");
    expect(await trine.readFrom(certificate, 1)).toMatchObject([{ text: "from coap", transport: "coap" }]);
    expect((await post(`/topic${topicOf(certificate, "user/update")}`, "no", "wrong")).code).toBe("4.01");
  });
});

function nextMessage(client: MqttClient): Promise<{ topic: string; text: string }> {
  return new Promise((done) => client.once("message", (topic, payload) => done({ topic, text: payload.toString() })));
}

function nextConnack(client: MqttClient): Promise<IConnackPacket> {
  return new Promise((done) => client.once("connect", done));
}
