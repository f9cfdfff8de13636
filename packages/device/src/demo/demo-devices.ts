import { connectCoap } from "../coap/connect-coap.ts";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { connectHttp } from "../http/connect-http.ts";
import { connectMqtt } from "../mqtt/connect-mqtt.ts";
import type { MqttMessage } from "../mqtt/mqtt-connection.ts";
import { DemoError } from "./demo-error.ts";
import type { DemoPorts } from "./demo-settings.ts";

const HOST = "127.0.0.1";

/** One simulated device that is to log in. */
export interface DemoDevice {
  readonly protocol: keyof DemoPorts;
  readonly port: number;
  readonly certificate: DeviceCertificate;
  /** What arrives for it; only MQTT is pushed to. */
  readonly onMessage: (message: MqttMessage) => void;
}

/** The topic on which an application speaks to a device. */
export function downlinkTopic({ productKey, deviceName }: DeviceCertificate): string {
  return `/${productKey}/${deviceName}/user/get`;
}

/**
 * Logs a device in.
 *
 * @throws DemoError when the gateway refuses it or does not listen.
 */
export async function logInDemoDevice(device: DemoDevice): Promise<DeviceConnection> {
  try {
    return await CONNECT[device.protocol](device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { protocol, port } = device;
    throw new DemoError(`the ${protocol} device could not log in at port ${port}: ${error.message} (${error.code})`);
  }
}

/** Publishes a temperature as the vendor's thing model has it (wire-format 6.3). */
export async function postTemperature(
  connection: DeviceConnection,
  { productKey, deviceName }: DeviceCertificate,
  id: number,
): Promise<void> {
  const temperature = Math.round(210 + 15 * Math.sin(id / 5) + 5 * Math.random()) / 10;
  await connection.publish({
    topic: `/sys/${productKey}/${deviceName}/thing/event/property/post`,
    payload: JSON.stringify({
      id: String(id),
      version: "1.0",
      params: { temperature },
      method: "thing.event.property.post",
    }),
  });
}

type Connect = (device: DemoDevice) => Promise<DeviceConnection>;

const CONNECT: Readonly<Record<keyof DemoPorts, Connect>> = {
  async mqtt({ port, certificate, onMessage }) {
    const connection = await connectMqtt({ host: HOST, port, certificate, implicitSubscriptions: true, onMessage });
    await connection.subscribe([downlinkTopic(certificate)]);
    return connection;
  },
  http: ({ port, certificate }) => connectHttp({ host: HOST, port, certificate }),
  coap: ({ port, certificate }) => connectCoap({ host: HOST, port, certificate, mode: "symmetric" }),
};
