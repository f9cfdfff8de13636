import { connectCoap } from "../coap/connect-coap.ts";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { connectHttp } from "../http/connect-http.ts";
import type { HttpConnection } from "../http/http-connection.ts";
import { connectMqtt } from "../mqtt/connect-mqtt.ts";
import { DemoError } from "./demo-error.ts";
import type { DemoPorts } from "./demo-settings.ts";

const HOST = "127.0.0.1";
const POLL_MS = 30_000;

/** One simulated device that is to log in. */
export interface DemoDevice {
  readonly protocol: keyof DemoPorts;
  readonly port: number;
  readonly certificate: DeviceCertificate;
  readonly onMessage: OnMessage;
}

/** A simulated device that is logged in. */
export interface LoggedInDevice {
  readonly connection: DeviceConnection;
  /** Fetches what applications send until `signal` aborts. Absent where that is not asked for: MQTT and an observer are pushed to. */
  readonly fetchAlways?: (signal: AbortSignal) => Promise<void>;
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
export async function logInDemoDevice(device: DemoDevice): Promise<LoggedInDevice> {
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

type OnMessage = (message: { readonly topic: string; readonly payload: Buffer }) => void;

type Connect = (device: DemoDevice) => Promise<LoggedInDevice>;

const CONNECT: Readonly<Record<keyof DemoPorts, Connect>> = {
  async mqtt({ port, certificate, onMessage }) {
    const connection = await connectMqtt({ host: HOST, port, certificate, implicitSubscriptions: true, onMessage });
    await connection.subscribe([downlinkTopic(certificate)]);
    return { connection };
  },
  async http({ port, certificate, onMessage }) {
    const connection = await connectHttp({ host: HOST, port, certificate });
    return { connection, fetchAlways: (signal) => fetchAlways(connection, onMessage, signal) };
  },
  async coap({ port, certificate, onMessage }) {
    const connection = await connectCoap({ host: HOST, port, certificate, mode: "symmetric" });
    await connection.observe(onMessage);
    return { connection };
  },
};

async function fetchAlways(connection: HttpConnection, onMessage: OnMessage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const message = await connection.fetchMessage({ waitMs: POLL_MS, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!message) continue;
    onMessage(message);
    await message.acknowledge();
  }
}
