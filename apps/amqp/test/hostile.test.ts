import { connect as dial, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connect } from "./a-client.ts";
import { anAdapter, type TestAdapter } from "./an-adapter.ts";

const WAIT = { timeout: 10_000 };
const SASL = Buffer.from("AMQP\x03\x01\x00\x00", "latin1");
const AMQP = Buffer.from("AMQP\x00\x01\x00\x00", "latin1");

let adapter: TestAdapter;
beforeEach(async () => {
  adapter = await anAdapter({ TRINE_FIRST_BYTE_SECONDS: "1" });
});
afterEach(() => adapter.stop());

/** Sends bytes and waits until the gateway hangs up. @returns what it said. */
function exchange(...parts: readonly Buffer[]): Promise<Buffer> {
  return new Promise((done) => {
    const socket = dial(adapter.port, "127.0.0.1");
    const heard: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk)).on("error", () => undefined);
    socket.on("close", () => done(Buffer.concat(heard)));
    for (const part of parts) socket.write(part);
  });
}

function frame(type: number, ...body: readonly number[]): Buffer {
  const bytes = Buffer.from([0, 0, 0, 0, 2, type, 0, 0, ...body]);
  bytes.writeUInt32BE(bytes.length);
  return bytes;
}

const sized = (size: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(size);
  return bytes;
};

const whyOf = async () => {
  await expect.poll(() => adapter.recorder.closings.length, WAIT).toBe(1);
  return adapter.recorder.closings[0]?.why;
};

it("who begins without the layer of security is told by a header what is spoken, and no more", async () => {
  for (const begin of [AMQP, Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(8)])
    expect(await exchange(begin)).toEqual(SASL);
  const whys = () => adapter.recorder.closings.map(({ why }) => why);
  await expect.poll(whys, WAIT).toEqual(["not_sasl", "not_sasl", "not_sasl"]);
  expect(adapter.recorder.logins).toEqual([]);
});

it("who says nothing, or stops in the middle, is cut after the time of a first byte", async () => {
  await exchange();
  await exchange(SASL.subarray(0, 3));
  await exchange(SASL, sized(100));
  await expect.poll(() => adapter.recorder.closings.map(({ why }) => why), WAIT).toEqual(["late", "late", "late"]);
});

it.each([
  ["a frame that says it has four gigabytes", sized(0xffff_ffff), "frame_too_large"],
  ["a frame of 4097 bytes", sized(4_097), "frame_too_large"],
  ["a frame that is shorter than its head", sized(7), "frame_size"],
  ["an empty frame", frame(1), "not_plain"],
  ["a frame of messages", frame(0, 0x00, 0x53, 0x10, 0x45), "not_plain"],
  ["another mechanism", frame(1, 0x00, 0x53, 0x41, 0xc0, 8, 1, 0xa3, 5, ...Buffer.from("OTHER")), "not_plain"],
  ["PLAIN without a response", frame(1, 0x00, 0x53, 0x41, 0xc0, 8, 1, 0xa3, 5, ...Buffer.from("PLAIN")), "not_plain"],
  ["an array of endless nothing", frame(1, 0x00, 0x53, 0x41, 0xf0, 0, 0, 0, 5, 255, 255, 255, 255, 0x40), "not_plain"],
  ["a thousand brackets", frame(1, ...Array.from({ length: 1_000 }, () => 0x00)), "not_plain"],
])("%s of a stranger ends the connection", async (_what, bytes, why) => {
  await exchange(SASL, bytes);
  expect(await whyOf()).toBe(why);
  expect(adapter.recorder.faults).toEqual([]);
});

it.each([
  ["a frame that is too large", sized(65_537), "frame_too_large", "amqp:connection:framing-error"],
  [
    "a frame that cannot be read",
    frame(0, 0x00, 0x53, 0x12, 0xc0, 200),
    "broken_frame",
    "amqp:connection:framing-error",
  ],
  [
    "a performative that there is not",
    frame(0, 0x00, 0x53, 0x77, 0x45),
    "broken_frame",
    "amqp:connection:framing-error",
  ],
  [
    "one under the name of its number",
    frame(0, 0x00, 0xa1, 2, 0x32, 0x30, 0x45),
    "broken_frame",
    "amqp:connection:framing-error",
  ],
  ["a message", frame(0, 0x00, 0x53, 0x14, 0xc0, 2, 1, 0x43), "transfer", "amqp:not-allowed"],
  [
    "a disposition of four thousand million messages",
    frame(0, 0x00, 0x53, 0x15, 0xc0, 8, 3, 0x41, 0x43, 0x70, 255, 255, 255, 255),
    "disposition_range",
    "amqp:not-allowed",
  ],
])("%s of who has signed in ends the connection, and the client is told why", async (_what, bytes, why, condition) => {
  const client = connect({ port: adapter.port, key: adapter.addKey() });
  await new Promise((done) => client.connection.once("receiver_open", done));
  (client.connection as unknown as { socket: Socket }).socket.write(bytes);
  expect(await client.ended).toMatchObject({ condition });
  expect(await whyOf()).toBe(why);
});

it("a flood of links or sessions ends the connection", async () => {
  const links = connect({ port: adapter.port, key: adapter.addKey() });
  await new Promise((done) => links.connection.once("receiver_open", done));
  for (let i = 0; i < 100; i += 1) links.connection.open_receiver();
  links.connection.on("receiver_error", () => undefined);
  expect(await links.ended).toMatchObject({ condition: "amqp:resource-limit-exceeded" });
  const sessions = connect({ port: adapter.port, key: adapter.addKey() });
  for (let i = 0; i < 20; i += 1)
    (sessions.connection as unknown as { create_session(): { begin(): void } }).create_session().begin();
  expect(await sessions.ended).toMatchObject({ condition: "amqp:resource-limit-exceeded" });
});

it("who resets the connection after a refusal, or while it is served, harms nobody", async () => {
  for (const bytes of [[SASL, frame(1)], [AMQP]]) {
    const socket = dial(adapter.port, "127.0.0.1").on("error", () => undefined);
    socket.write(Buffer.concat(bytes));
    await new Promise((done) => socket.once("data", done));
    socket.resetAndDestroy();
  }
  const client = connect({ port: adapter.port, key: adapter.addKey() });
  await new Promise((done) => client.connection.once("receiver_open", done));
  (client.connection as unknown as { socket: Socket }).socket.resetAndDestroy();
  await expect.poll(() => adapter.recorder.closings.length, WAIT).toBe(3);
  expect(adapter.recorder.faults).toEqual([]);
});
