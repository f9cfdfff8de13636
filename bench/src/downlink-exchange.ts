import { Agent, request } from "node:http";
import { connectMqtt } from "@trine/device";
import type { BenchDevice } from "./bench-devices.ts";
import type { BenchApi, BenchServer } from "./servers.ts";

/** A device that is connected, and the way to send to it. */
export interface DownlinkLine {
  /** Sends one message through the REST API and waits until the device has it. */
  exchange(): Promise<void>;
  close(): Promise<void>;
}

const agent = new Agent({ keepAlive: true });

/** Connects a device that listens. @param way.holder the MQTT server that it connects to. */
export async function openDownlink(way: {
  api: BenchApi;
  holder: BenchServer | undefined;
  certificate: BenchDevice;
}): Promise<DownlinkLine> {
  const { api, holder, certificate } = way;
  let arrived: () => void = () => undefined;
  const topic = `/${certificate.productKey}/${certificate.deviceName}/user/get`;
  const connection = await connectMqtt({
    host: "127.0.0.1",
    port: holder?.ports.TRINE_MQTT_PORT ?? 0,
    certificate,
    onMessage: () => arrived(),
  });
  await connection.subscribe([topic], 1);
  return {
    async exchange() {
      const received = new Promise<void>((done) => {
        arrived = done;
      });
      await send(api, certificate, topic);
      await received;
    },
    close: () => connection.close(),
  };
}

function send({ adminPort, adminKey }: BenchApi, device: BenchDevice, topic: string): Promise<void> {
  return new Promise((done, fail) => {
    const call = request(
      {
        agent,
        port: adminPort,
        host: "127.0.0.1",
        method: "POST",
        path: `/v1/products/${device.productKey}/devices/${device.deviceName}/messages`,
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      },
      (response) => {
        if (response.statusCode !== undefined && response.statusCode >= 300)
          fail(new Error(`a message was answered ${response.statusCode}`));
        response.resume().once("end", done);
      },
    );
    call.once("error", fail);
    call.end(JSON.stringify({ topic, payload: '{"set":21}' }));
  });
}
