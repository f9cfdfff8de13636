import { connectHttp, connectMqtt, type DeviceCertificate, type HttpConnection, type MqttMessage } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";

const HOST = "127.0.0.1";
/** Messages while HTTP waits alone, while both do, and while HTTP is alone again. */
const PHASES = [20, 60, 20] as const;

describe.each(INSTALLATIONS)("a device that uses MQTT and HTTP at once, %s", (kind) => {
  let trine: Installation;
  let certificate: DeviceCertificate;

  beforeAll(async () => {
    trine = await startInstallation(kind);
    certificate = await addDevice(trine.api, await makeProduct(trine.api));
  }, 120_000);
  afterAll(() => trine?.dispose());

  it("gets each message once and in order, whichever way it comes", async () => {
    const { productKey, deviceName } = certificate;
    const topic = topicOf(certificate, "user/get");
    const messages = `/v1/products/${productKey}/devices/${deviceName}/messages`;
    const arrived: { way: "mqtt" | "http"; text: string }[] = [];
    const sent: string[] = [];
    const send = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const payload = String(sent.length);
        const { messageId } = await trine.api.call<{ messageId: string }>("POST", messages, { topic, payload });
        sent.push(messageId);
      }
    };
    const allArrived = () =>
      eventually(
        async () => arrived.length,
        (count) => count >= sent.length,
      );

    const http = await connectHttp({ host: HOST, port: trine.ports.http, certificate });
    const stopped = new AbortController();
    const polling = pollAlways(http, (text) => arrived.push({ way: "http", text }), stopped.signal);
    await send(PHASES[0]);
    await allArrived();
    expect(arrived.map(({ way }) => way)).not.toContain("mqtt");

    const onMessage = ({ payload }: MqttMessage) => void arrived.push({ way: "mqtt", text: payload.toString() });
    const mqtt = await connectMqtt({ host: HOST, port: trine.ports.mqtt, certificate, onMessage });
    await mqtt.subscribe([topic]);
    await send(PHASES[1]);
    await allArrived();

    await mqtt.close();
    await send(PHASES[2]);
    await allArrived();
    stopped.abort();
    await polling;
    await http.close();

    expect(arrived.map(({ text }) => text)).toEqual(sent.map((_, n) => String(n)));
    for (const messageId of sent) {
      const state = () => trine.api.call<{ state: string }>("GET", `${messages}/${messageId}`);
      await eventually(state, (shown) => shown.state === "delivered");
    }
    const overMqtt = arrived.filter(({ way }) => way === "mqtt").length;
    console.log(`${kind}: ${overMqtt} of ${PHASES[1]} came over MQTT while HTTP waited as well`);
  }, 60_000);
});

async function pollAlways(http: HttpConnection, onMessage: (text: string) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const message = await http.fetchMessage({ waitMs: 30_000, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!message) continue;
    onMessage(message.payload.toString());
    await message.acknowledge();
  }
}
