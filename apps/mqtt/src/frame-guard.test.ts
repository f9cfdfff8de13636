import fc from "fast-check";
import { generate, type Packet, parser } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { type FrameFault, FrameGuard } from "./frame-guard.ts";

const LIMITS = { payloadBytes: 1_000, filtersPerSubscribe: 2 };
const CONNECT = generate({
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  clientId: "id|securemode=3|",
  username: "u",
  password: Buffer.from("p"),
  will: { topic: "/will", payload: Buffer.from("gone"), qos: 2, retain: true },
});

/** Feeds `bytes` in pieces of the given sizes, taken in turn. */
function feed(bytes: Buffer, sizes: readonly number[] = [bytes.length], guard = new FrameGuard(LIMITS)) {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const fault = guard.inspect(bytes.subarray(at, at + size));
    at += size;
    if (fault) return { fault, held: at };
  }
  return { fault: undefined, held: 0 };
}

function packetsOf(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const decoder = parser();
  decoder.on("packet", (packet) => packets.push({ ...packet }));
  decoder.on("error", (error: Error) => {
    throw error;
  });
  decoder.parse(bytes);
  return packets;
}

const aPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    cmd: fc.constant("publish" as const),
    topic: fc.string({ minLength: 1, maxLength: 30 }),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    qos: fc.constantFrom(0 as const, 1 as const),
    dup: fc.constant(false),
    retain: fc.boolean(),
    messageId: fc.integer({ min: 1, max: 65_535 }),
  }),
  fc.record({
    cmd: fc.constant("subscribe" as const),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    subscriptions: fc.array(
      fc.record({
        topic: fc.string({ minLength: 1, maxLength: 20 }),
        qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.constant({ cmd: "pingreq" as const }),
  fc.record({ cmd: fc.constant("puback" as const), messageId: fc.integer({ min: 1, max: 65_535 }) }),
);

describe("a stream of packets that the gateway takes", () => {
  it("passes however it is cut into pieces, and comes out as without what there is not", () => {
    fc.assert(
      fc.property(
        fc.array(aPacket, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
        (packets, sizes) => {
          const bytes = Buffer.concat([CONNECT, ...packets.map((packet) => generate(packet))]);
          const whole = Buffer.from(bytes);
          expect(feed(bytes, sizes).fault).toBeUndefined();
          expect(feed(whole).fault).toBeUndefined();
          expect(bytes.equals(whole)).toBe(true);
          const [, ...came] = packetsOf(bytes);
          expect(came).toHaveLength(packets.length);
          for (const [at, packet] of came.entries()) expectCleaned(packet, packets[at]);
        },
      ),
    );
  });

  function expectCleaned(packet: Packet, sent: Packet | undefined): void {
    if (packet.cmd === "publish" && sent?.cmd === "publish") {
      expect(packet).toMatchObject({ retain: false, topic: sent.topic, qos: sent.qos });
      expect(Buffer.from(packet.payload).equals(Buffer.from(sent.payload))).toBe(true);
    }
    if (packet.cmd === "subscribe" && sent?.cmd === "subscribe") {
      for (const [at, { topic, qos }] of packet.subscriptions.entries()) {
        const asked = sent.subscriptions[at];
        expect(qos).toBe(Math.min(asked?.qos ?? 0, 1));
        if (at < LIMITS.filtersPerSubscribe) expect(topic).toBe(asked?.topic);
        else expect(topic.startsWith("$")).toBe(true);
      }
    }
  }

  it("may be any bytes without making the guard fail", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, connected) => {
        const stream = connected ? Buffer.concat([CONNECT, bytes]) : Buffer.from(bytes);
        expect(() => feed(stream, [3])).not.toThrow();
      }),
    );
  });
});

describe("what ends a connection", () => {
  const cases: readonly [string, FrameFault, Buffer][] = [
    ["a packet before CONNECT", "not_connect_first", generate({ cmd: "pingreq" })],
    ["a TLS handshake", "not_connect_first", Buffer.from("160301", "hex")],
    ["a second CONNECT", "second_connect", Buffer.concat([CONNECT, CONNECT])],
    ["a packet of the server", "unexpected_frame", Buffer.concat([CONNECT, Buffer.from("20020000", "hex")])],
    ["PUBREL, which belongs to QoS 2", "unexpected_frame", Buffer.concat([CONNECT, Buffer.from("62020001", "hex")])],
    ["a publish of QoS 2", "qos2_publish", Buffer.concat([CONNECT, Buffer.from("34", "hex")])],
    ["a publish of QoS 3", "qos2_publish", Buffer.concat([CONNECT, Buffer.from("36", "hex")])],
    ["a length of five bytes", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("3080808080", "hex")])],
    ["a PINGREQ with a body", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("c001", "hex")])],
    ["a SUBSCRIBE without filters", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("8202", "hex")])],
    ["an UNSUBSCRIBE without filters", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("a202", "hex")])],
    ["a SUBSCRIBE with message id 0", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("82060000", "hex")])],
    ["an UNSUBSCRIBE with message id 0", "malformed_frame", Buffer.concat([CONNECT, Buffer.from("a2050000", "hex")])],
    ["MQTT 5", "unsupported_version", Buffer.from("100c00044d51545405", "hex")],
    ["a version that never was", "unsupported_version", Buffer.from("100c00044d51545402", "hex")],
    ["an oversized CONNECT", "frame_too_large", Buffer.from("10ffff03", "hex")],
    ["an oversized SUBSCRIBE", "frame_too_large", Buffer.concat([CONNECT, Buffer.from("82ffff03", "hex")])],
    ["an oversized publish", "frame_too_large", Buffer.concat([CONNECT, Buffer.from("30ffff03", "hex")])],
  ];
  for (const [what, fault, bytes] of cases) {
    it(`is ${what}, by its header alone, in one piece or byte by byte`, () => {
      expect(feed(Buffer.from(bytes)).fault).toBe(fault);
      expect(feed(Buffer.from(bytes), [1]).fault).toBe(fault);
    });
  }
});

it("an empty filter beyond the limit is left to the parser", () => {
  const broken = Buffer.concat([CONNECT, Buffer.from("820d00010001610100016201000001", "hex")]);
  expect(feed(broken, [1]).fault).toBeUndefined();
});

it("a filter that claims more bytes than its packet has does not swallow the next packet", () => {
  const bytes = Buffer.concat([CONNECT, Buffer.from("82060001ffff6161", "hex"), Buffer.from("34", "hex")]);
  expect(feed(bytes, [2]).fault).toBe("qos2_publish");
});

it("MQTT 3.1 passes", () => {
  const old = generate({
    cmd: "connect",
    protocolId: "MQIsdp",
    protocolVersion: 3,
    clean: true,
    keepalive: 60,
    clientId: "i",
  });
  expect(feed(old, [1]).fault).toBeUndefined();
});

it("a goodbye is remembered", () => {
  const guard = new FrameGuard(LIMITS);
  feed(Buffer.from(CONNECT), [5], guard);
  expect(guard.sawDisconnect).toBe(false);
  feed(generate({ cmd: "disconnect" }), [1], guard);
  expect(guard.sawDisconnect).toBe(true);
});
