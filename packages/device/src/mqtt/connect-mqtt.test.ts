import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DeviceError } from "../device-error.ts";
import { connectMqtt } from "./connect-mqtt.ts";
import type { MqttMessage } from "./mqtt-connection.ts";

const CERTIFICATE = { productKey: "a1b2C3d4E5f", deviceName: "device_01", deviceSecret: "s".repeat(32) };
const DOWN = {
  cmd: "publish",
  topic: "/down",
  payload: "hi",
  qos: 1,
  messageId: 7,
  dup: false,
  retain: false,
} as const;

let server: Server;
let port: number;
let received: Packet[];
let onPacket: (packet: Packet, socket: Socket) => void;
let address: string | undefined;

beforeEach(async () => {
  received = [];
  onPacket = accept;
  server = createServer((socket) => {
    address = socket.remoteAddress;
    const decoder = parser();
    decoder.on("packet", (packet) => {
      // mqtt-packet goes on with its own object.
      received.push({ ...packet });
      onPacket(packet, socket);
    });
    socket.on("data", (bytes) => decoder.parse(bytes));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.close();
});

function accept(packet: Packet, socket: Socket): void {
  const messageId = packet.messageId ?? 0;
  if (packet.cmd === "connect") socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: true }));
  if (packet.cmd === "publish" && packet.qos === 1) socket.write(generate({ cmd: "puback", messageId }));
  if (packet.cmd === "subscribe") socket.write(generate({ cmd: "suback", messageId, granted: [1, 0x80] }));
  if (packet.cmd === "pingreq") socket.write(generate({ cmd: "pingresp" }));
}

const target = () => ({ host: "127.0.0.1", port, certificate: CERTIFICATE });

it("a device connects, publishes, subscribes, pings and hangs up", async () => {
  const device = await connectMqtt({ ...target(), localAddress: "127.0.0.5" });
  expect([device.sessionPresent, address]).toEqual([true, "127.0.0.5"]);
  await Promise.all([1, 2, 3].map((n) => device.publish({ topic: "/up", payload: String(n) })));
  await device.publish({ topic: "/up", payload: "0", qos: 0 });
  expect(await device.subscribe(["/a", "/b"])).toEqual([1, 0x80]);
  await device.ping();
  await device.close();
  const kinds = ["connect", "publish", "publish", "publish", "publish", "subscribe", "pingreq", "disconnect"];
  expect(received.map(({ cmd }) => cmd)).toEqual(kinds);
});

it("a refused login throws the return code of the CONNACK", async () => {
  onPacket = (_packet, socket) => socket.write(generate({ cmd: "connack", returnCode: 4, sessionPresent: false }));
  await expect(connectMqtt(target())).rejects.toMatchObject({ code: "4" });
});

it("a port where nobody listens is a closed connection", async () => {
  server.close();
  await expect(connectMqtt(target())).rejects.toMatchObject({ code: "closed" });
});

it("a publish without its PUBACK fails when the connection ends, and so does one after it", async () => {
  const device = await connectMqtt(target());
  onPacket = (_packet, socket) => socket.destroy();
  await expect(device.publish({ topic: "/up", payload: "" })).rejects.toBeInstanceOf(DeviceError);
  await expect(device.publish({ topic: "/up", payload: "" })).rejects.toMatchObject({ code: "closed" });
});

it("a message that comes with the CONNACK is not missed, and is acknowledged", async () => {
  const acknowledged = new Promise<number | undefined>((done) => {
    onPacket = (packet, socket) => {
      if (packet.cmd === "connect")
        socket.write(
          Buffer.concat([generate({ cmd: "connack", returnCode: 0, sessionPresent: false }), generate(DOWN)]),
        );
      else if (packet.cmd === "puback") done(packet.messageId);
    };
  });
  const messages: MqttMessage[] = [];
  const device = await connectMqtt({ ...target(), onMessage: (message) => messages.push(message) });
  expect(await acknowledged).toBe(7);
  expect(messages.map(({ topic, payload, qos }) => [topic, payload.toString(), qos])).toEqual([["/down", "hi", 1]]);
  await device.close();
});

it("with manual acknowledgement the listener decides, once", async () => {
  const arrived = new Promise<MqttMessage>((done) => {
    connectMqtt({ ...target(), manualAcknowledge: true, onMessage: done }).then((device) => device.ping());
  });
  onPacket = (packet, socket) => {
    accept(packet, socket);
    if (packet.cmd === "connect") socket.write(generate(DOWN));
  };
  const message = await arrived;
  expect(received.map(({ cmd }) => cmd)).not.toContain("puback");
  const acknowledged = new Promise<void>((done) => {
    onPacket = (packet) => packet.cmd === "puback" && done();
  });
  message.acknowledge();
  message.acknowledge();
  await acknowledged;
  expect(received.filter(({ cmd }) => cmd === "puback")).toHaveLength(1);
});
