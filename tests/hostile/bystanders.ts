import { connectCoap, connectHttp, connectMqtt } from "@trine/device";
import { expect } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import type { Installation } from "../src/installation.ts";
import { unexpectedLines } from "../src/unexpected-lines.ts";

const HOST = "127.0.0.1";

/** Devices that do nothing wrong while others do. */
export interface Bystanders {
  readonly productKey: string;
  /** Each sends and is sent something, over the connection or with the token that it has had from the start. */
  expectUndisturbed(): Promise<void>;
  close(): Promise<void>;
}

/** Logs a device in on each protocol. */
export async function startBystanders({ api, ports, logs }: Installation): Promise<Bystanders> {
  const productKey = await makeProduct(api, "bystanders");
  const [overMqtt, overHttp, overCoap] = await Promise.all([1, 2, 3].map(() => addDevice(api, productKey)));
  if (!overMqtt || !overHttp || !overCoap) throw new Error("three devices were added");
  const received: string[] = [];
  const mqtt = await connectMqtt({
    host: HOST,
    port: ports.mqtt,
    certificate: overMqtt,
    onMessage: ({ payload }) => received.push(payload.toString()),
  });
  await mqtt.subscribe([topicOf(overMqtt, "user/get")]);
  let isClosed = false;
  void mqtt.closed.then(() => {
    isClosed = true;
  });
  const http = await connectHttp({ host: HOST, port: ports.http, certificate: overHttp });
  const coap = await connectCoap({ host: HOST, port: ports.symmetric, certificate: overCoap, mode: "symmetric" });
  const tokens = [http.token, coap.token];
  let round = 0;

  return {
    productKey,
    async expectUndisturbed() {
      round += 1;
      const payload = `round ${round}`;
      await mqtt.publish({ topic: topicOf(overMqtt, "user/update"), payload });
      await http.publish({ topic: topicOf(overHttp, "user/update"), payload });
      await coap.publish({ topic: topicOf(overCoap, "user/update"), payload });
      await api.call("POST", `/v1/products/${productKey}/devices/${overMqtt.deviceName}/messages`, {
        topic: topicOf(overMqtt, "user/get"),
        payload,
      });
      await eventually(
        async () => received,
        (messages) => messages.includes(payload),
      );
      expect({ isClosed, tokens: [http.token, coap.token] }).toEqual({ isClosed: false, tokens });
      expect(unexpectedLines(logs())).toEqual([]);
    },
    async close() {
      await Promise.all([mqtt.close(), http.close(), coap.close()]);
    },
  };
}
