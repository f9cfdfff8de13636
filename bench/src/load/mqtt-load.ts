import { connect, type Socket } from "node:net";
import { generate } from "mqtt-packet";
import { type BenchDevice, signBench } from "../bench-devices.ts";
import type { Operation } from "./operation.ts";

const connects = new Map<string, Buffer>();
let sourceAddress = 0;

/** Connects, logs in, hangs up. */
export const mqttLogin: Operation =
  async ({ port, next }) =>
  async () => {
    const device = next();
    if (!device) return true;
    const { socket, accepted } = await logIn(port, device);
    // A reset leaves no TIME_WAIT behind, so the ports of the machine last.
    socket.resetAndDestroy();
    return accepted;
  };

/** One connection; QoS 1, one message in flight, that only applications understand. */
export const mqttPublish = publishing("", "user/update", '{"temperature":21.5}');

/** The same with a property of a thing model, whose answer the device did not subscribe to. */
export const mqttPropertyPost = publishing(
  "/sys",
  "thing/event/property/post",
  '{"id":"1","version":"1.0","params":{"temperature":21.5},"method":"thing.event.property.post"}',
);

function publishing(prefix: string, suffix: string, payload: string): Operation {
  return async ({ port, next }) => {
    const device = next();
    if (!device) throw new Error("more workers than devices");
    const { socket, accepted } = await logIn(port, device);
    if (!accepted) throw new Error("the login was refused");
    let acknowledged: (() => void) | undefined;
    socket.on("data", () => acknowledged?.());
    const topic = `${prefix}/${device.productKey}/${device.deviceName}/${suffix}`;
    let messageId = 0;
    return () =>
      new Promise<boolean>((done) => {
        messageId = (messageId % 65_535) + 1;
        acknowledged = () => done(true);
        socket.write(generate({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId }));
      });
  };
}

function logIn(port: number, device: BenchDevice): Promise<{ socket: Socket; accepted: boolean }> {
  return new Promise((done, fail) => {
    sourceAddress = (sourceAddress + 1) % 8;
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + sourceAddress}`, noDelay: true });
    socket.once("error", fail);
    socket.write(connectPacket(device));
    socket.once("data", (bytes) => done({ socket, accepted: bytes[3] === 0 }));
  });
}

/** The CONNECT of a device, signed once. */
export function connectPacket(device: BenchDevice): Buffer {
  const known = connects.get(device.deviceName);
  if (known) return known;
  const { clientId, sign } = signBench(device);
  const made = generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    clientId: `${clientId}|securemode=3,signmethod=hmacsha256|`,
    keepalive: 60,
    username: `${device.deviceName}&${device.productKey}`,
    password: Buffer.from(sign),
  });
  connects.set(device.deviceName, made);
  return made;
}
