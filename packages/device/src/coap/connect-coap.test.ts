import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { derivePayloadKey, openPayload, Secret, sealPayload } from "@trine/core/certificate";
import { generate, type Packet, type ParsedPacket, parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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

describe("a device that observes its mailbox", () => {
  const body = (messageId: string, text: string) =>
    sealPayload(
      KEY,
      Buffer.from(JSON.stringify({ messageId, topic: "/down", payload: Buffer.from(text).toString("base64") })),
    );
  const OBSERVE = { name: "Observe" as const, value: Buffer.of(1) };

  /** Connects, and lets the gateway answer its registration. @returns how to send to it, and what it says. */
  async function anObserver(onMessage: (message: { messageId: string }) => Promise<void> | void) {
    const device = await connectCoap({ ...target(), mode: "symmetric" });
    const said: ParsedPacket[] = [];
    let send: (packet: Packet) => void = () => undefined;
    respond = (packet, reply) => {
      send = reply;
      if (packet.code !== "0.01") return void said.push(packet);
      const payload = sealPayload(KEY, Buffer.from("{}"));
      reply({ ack: true, code: "2.05", messageId: packet.messageId, token: packet.token, options: [OBSERVE], payload });
    };
    const observation = await device.observe(onMessage);
    const { token } = received.at(-1) ?? {};
    const notify = (messageId: number, payload: Buffer, given: Packet = {}) =>
      send({
        code: "2.05",
        confirmable: true,
        messageId,
        payload,
        options: [OBSERVE],
        ...(token ? { token } : {}),
        ...given,
      });
    const saidOnce = (count: number) => expect.poll(() => said.length, { interval: 1 }).toBe(count);
    return { device, observation, said, notify, saidOnce };
  }

  it("registers with its token and a fresh number", async () => {
    const { device } = await anObserver(() => undefined);
    const registration = received.at(-1);
    expect(registration?.code).toBe("0.01");
    expect(optionOf(registration, "Observe")).toHaveLength(0);
    expect(optionOf(registration, "2088").toString()).toBe("tok");
    expect(String(openPayload(KEY, optionOf(registration, "2089")))).toBe("1200");
    await device.close();
  });

  it("acknowledges a message when its listener took it, and gives a repeat to nobody", async () => {
    const taken: string[] = [];
    let finish: () => void = () => undefined;
    const { device, said, notify, saidOnce } = await anObserver(async ({ messageId }) => {
      taken.push(messageId);
      await new Promise<void>((done) => {
        finish = done;
      });
    });
    notify(41, body("7", "one"));
    await expect.poll(() => taken, { interval: 1 }).toEqual(["7"]);
    notify(41, body("7", "one"));
    // Once it rejected this one, it has seen the repeat before it.
    notify(42, body("8", "two"), { token: Buffer.of(1, 2, 3, 4) });
    await saidOnce(1);
    finish();
    await saidOnce(2);
    notify(41, body("7", "one"));
    await saidOnce(3);
    expect(said.map(({ ack, messageId }) => [ack, messageId])).toEqual([
      [false, 42],
      [true, 41],
      [true, 41],
    ]);
    expect(taken).toEqual(["7"]);
    await device.close();
  });

  it("ends when its listener fails, and does not acknowledge", async () => {
    const { device, observation, said, notify, saidOnce } = await anObserver(() => Promise.reject(new Error("full")));
    notify(41, body("7", "one"));
    expect(await observation.ended).toBe("listener");
    notify(42, body("8", "two"));
    await saidOnce(1);
    expect(said).toMatchObject([{ reset: true, messageId: 42 }]);
    await device.close();
  });

  it("ends with the code that the gateway ends it with", async () => {
    const { device, observation, notify } = await anObserver(() => undefined);
    notify(41, Buffer.alloc(0), { code: "4.01", options: [] });
    expect(await observation.ended).toBe("4.01");
    await device.close();
  });

  it("takes a notification that overtook the lost answer to its registration", async () => {
    const device = await connectCoap({ ...target(), mode: "symmetric" });
    respond = ({ code, token }, reply) => {
      if (code === "0.01")
        reply({ code: "2.05", confirmable: true, messageId: 9, token, options: [OBSERVE], payload: body("7", "one") });
    };
    const taken = new Promise((done) => {
      void device.observe(({ payload }) => done(payload.toString()));
    });
    expect(await taken).toBe("one");
    await device.close();
  });
});

it("what no request of the device's asked for is rejected", async () => {
  const device = await connectCoap({ ...target(), mode: "symmetric" });
  const said = new Promise<ParsedPacket>((done) => {
    respond = (packet, send) => {
      if (packet.reset) return done(packet);
      send({ code: "2.05", confirmable: true, messageId: 55, token: Buffer.of(1, 2, 3, 4) });
    };
  });
  await device.publish({ topic: "/t", payload: "", qos: 0 });
  expect(await said).toMatchObject({ reset: true, messageId: 55 });
  await device.close();
});
