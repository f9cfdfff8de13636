import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { derivePayloadKey, openPayload, Secret, sealPayload } from "@trine/core/certificate";
import { generate, type Packet, type ParsedPacket, parse } from "coap-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectCoap } from "./connect-coap.ts";

const CERTIFICATE = { productKey: "a1b2C3d4E5f", deviceName: "device_01", deviceSecret: "s".repeat(32) };
const KEY = derivePayloadKey(new Secret(CERTIFICATE.deviceSecret), "8fe3c8d50e10a1b2");
const LOGIN_REPLY = Buffer.from('{"random":"8fe3c8d50e10a1b2","seqOffset":1200,"token":"tok"}');

let socket: Socket;
let received: ParsedPacket[];
let respond: (packet: ParsedPacket, send: (packet: Packet) => void) => void;

beforeEach(async () => {
  received = [];
  respond = piggyback;
  socket = createSocket("udp4").bind(0, "127.0.0.1");
  socket.on("message", (bytes, from: RemoteInfo) => {
    const packet = parse(bytes);
    received.push(packet);
    respond(packet, (answer) => socket.send(generate(answer), from.port, from.address));
  });
  await once(socket, "listening");
});

afterEach(() => {
  socket.close();
});

function isAuth({ options }: ParsedPacket): boolean {
  return options[0]?.value.toString() === "auth";
}

function piggyback(packet: ParsedPacket, send: (packet: Packet) => void): void {
  const { messageId, token } = packet;
  const payload = isAuth(packet) ? LOGIN_REPLY : sealPayload(KEY, Buffer.from("{}"));
  const options = [{ name: 2090, value: Buffer.from("892687627916247040") }];
  send({ ack: true, code: "2.05", messageId, token, payload, options });
}

function optionOf(packet: ParsedPacket | undefined, number: string): Buffer {
  return packet?.options.find(({ name }) => String(name) === number)?.value ?? Buffer.alloc(0);
}

const target = () => ({ host: "127.0.0.1", port: socket.address().port, certificate: CERTIFICATE, ackTimeoutMs: 20 });

it("in symmetric mode payloads are sealed and numbered from the offset on, and replies opened", async () => {
  const device = await connectCoap({ ...target(), mode: "symmetric", localAddress: "127.0.0.4" });
  const topic = "/pk/dn/user/update";
  expect(await device.publish({ topic, payload: "one" })).toEqual({
    messageId: "892687627916247040",
    reply: Buffer.from("{}"),
  });
  await device.publish({ topic, payload: "two" });
  const publishes = received.slice(1);
  expect(publishes.map(({ payload }) => String(openPayload(KEY, payload)))).toEqual(["one", "two"]);
  expect(publishes.map((packet) => String(openPayload(KEY, optionOf(packet, "2089"))))).toEqual(["1200", "1201"]);
  expect(publishes.map((packet) => optionOf(packet, "2088").toString())).toEqual(["tok", "tok"]);
  await device.close();
});

it("a request that is lost is sent again with the same message id", async () => {
  respond = (packet, send) => received.length >= 3 && piggyback(packet, send);
  const device = await connectCoap({ ...target(), mode: "symmetric" });
  expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(1);
  expect(received).toHaveLength(3);
  await device.close();
});

it("a separate response is taken and acknowledged", async () => {
  const acknowledged = new Promise<number>((done) => {
    respond = (packet, send) => {
      if (packet.ack) return done(packet.messageId);
      send({ ack: true, code: "0.00", messageId: packet.messageId });
      send({
        confirmable: true,
        code: "2.05",
        messageId: 9,
        token: packet.token,
        payload: Buffer.from('{"token":"t"}'),
      });
    };
  });
  const device = await connectCoap({ ...target(), mode: "plain" });
  expect(device.token).toBe("t");
  expect(await acknowledged).toBe(9);
  await device.close();
});

it("a refusal throws the response code, a reset and silence their own", async () => {
  respond = ({ messageId, token }, send) => send({ ack: true, code: "4.01", messageId, token });
  await expect(connectCoap({ ...target(), mode: "plain" })).rejects.toMatchObject({ code: "4.01" });
  respond = ({ messageId }, send) => send({ reset: true, code: "0.00", messageId });
  await expect(connectCoap({ ...target(), mode: "plain" })).rejects.toMatchObject({ code: "reset" });
  respond = () => undefined;
  await expect(connectCoap({ ...target(), mode: "plain", ackTimeoutMs: 5 })).rejects.toMatchObject({ code: "timeout" });
});

it("QoS 0 is a non-confirmable message that nobody waits for", async () => {
  const device = await connectCoap({ ...target(), mode: "symmetric" });
  const arrived = new Promise<ParsedPacket>((done) => {
    respond = done;
  });
  expect(await device.publish({ topic: "/t", payload: "", qos: 0 })).toEqual({});
  expect((await arrived).confirmable).toBe(false);
  await device.close();
});
