import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate } from "@trine/device";
import { expect } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "./fleet.ts";
import type { Installation } from "./installation.ts";
import { type ReadMessage, readUntil } from "./uplink-reader.ts";

const HOST = "127.0.0.1";

/** What must outlive a gateway, held from outside. */
export interface Belongings {
  readonly productKey: string;
  readonly mqtt: DeviceCertificate;
  readonly http: DeviceCertificate;
  readonly httpToken: string;
}

/** Makes a product with devices that log in, publish, and are sent something; one group reads what is there. */
export async function settleIn({ api, ports }: Installation) {
  const productKey = await makeProduct(api);
  const [mqtt, httpDevice, coapDevice] = await Promise.all([
    addDevice(api, productKey),
    addDevice(api, productKey),
    addDevice(api, productKey),
  ]);
  const lasting = await connectMqtt({ host: HOST, port: ports.mqtt, certificate: mqtt, cleanSession: false });
  await lasting.subscribe([topicOf(mqtt, "user/get")], 1);
  await lasting.close();
  await api.call("POST", `/v1/products/${productKey}/devices/${mqtt.deviceName}/messages`, {
    topic: topicOf(mqtt, "user/get"),
    payload: "waits",
  });
  const http = await connectHttp({ host: HOST, port: ports.http, certificate: httpDevice });
  const coap = await connectCoap({ host: HOST, port: ports.symmetric, certificate: coapDevice, mode: "symmetric" });
  await http.publish({ topic: topicOf(httpDevice, "user/update"), payload: "read" });
  await readUntil(api, (messages) => published(messages).length > 0, { group: productKey, productKey });
  await http.publish({ topic: topicOf(httpDevice, "user/update"), payload: "unread" });
  const belongings: Belongings = { productKey, mqtt, http: httpDevice, httpToken: http.token };
  return { belongings, http, coap: Object.assign(coap, { certificate: coapDevice }) };
}

/** Logs in, reads and publishes as their owners would, and expects that none of it is missing. */
export async function expectAllThere({ api, ports }: Installation, belongings: Belongings): Promise<void> {
  const { productKey, mqtt, http, httpToken } = belongings;
  expect(await api.call("GET", `/v1/products/${productKey}`)).toMatchObject({ productKey, name: "thermometers" });
  const { items } = await api.call<{ items: object[] }>("GET", `/v1/products/${productKey}/devices`);
  expect(items).toHaveLength(3);

  const received: string[] = [];
  const again = await connectMqtt({
    host: HOST,
    port: ports.mqtt,
    certificate: mqtt,
    cleanSession: false,
    onMessage: ({ payload }) => received.push(payload.toString()),
  });
  expect(again.sessionPresent).toBe(true);
  await eventually(
    async () => received,
    (messages) => messages.length > 0,
  );
  expect(received).toEqual(["waits"]);
  await again.close();

  const reply = await fetch(`http://${HOST}:${ports.http}/topic${topicOf(http, "user/update")}`, {
    method: "POST",
    headers: { password: httpToken, "content-type": "application/octet-stream" },
    body: "with the old token",
  });
  expect(await reply.json()).toMatchObject({ code: 0 });
  const next = await readUntil(api, (messages) => published(messages).length >= 2, { group: productKey, productKey });
  expect(published(next)).toEqual(["unread", "with the old token"]);
}

function published(messages: readonly ReadMessage[]): readonly string[] {
  return messages.filter(({ topic }) => topic.endsWith("/user/update")).map(({ text }) => text);
}
