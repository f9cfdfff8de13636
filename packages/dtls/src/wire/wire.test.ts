import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHelloStart } from "./client-hello.ts";
import { HANDSHAKE, readHandshakeFragments } from "./handshake-fragment.ts";
import { helloVerify } from "./hello-verify.ts";
import { readPskIdentity } from "./psk-identity.ts";
import { createReassembly } from "./reassembly.ts";
import { CONTENT, readRecords } from "./record.ts";
import { writeHandshakeRecord } from "./write-record.ts";

const record = (body: Buffer, type: number = HANDSHAKE.clientHello) =>
  writeHandshakeRecord({ type, messageSequence: 1, sequence: 7, body });

describe("records", () => {
  it("are read as they were written, several in one datagram", () => {
    const datagram = Buffer.concat([record(Buffer.from("one")), record(Buffer.from("two"))]);
    const read = readRecords(datagram);
    expect(read.map(({ type, epoch, sequence }) => ({ type, epoch, sequence }))).toEqual([
      { type: CONTENT.handshake, epoch: 0, sequence: 7 },
      { type: CONTENT.handshake, epoch: 0, sequence: 7 },
    ]);
    expect(read.flatMap(readHandshakeFragments).map(({ body }) => body.toString())).toEqual(["one", "two"]);
  });

  it("of any bytes are within them, and so are the messages in them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), (noise, cut) => {
        const datagram = Buffer.concat([record(Buffer.from("sound")).subarray(0, 17 + cut), Buffer.from(noise)]);
        const records = readRecords(datagram);
        const fragments = records.flatMap(readHandshakeFragments);
        const bytes = records.reduce((sum, { body }) => sum + body.length, 0);
        expect(bytes).toBeLessThanOrEqual(datagram.length);
        for (const { offset, body, length } of fragments) expect(offset + body.length).toBeLessThanOrEqual(length);
        for (const { body } of fragments) {
          readHelloStart(body);
          expect(readPskIdentity(body, 128)?.length ?? 0).toBeLessThanOrEqual(128);
        }
      }),
    );
  });
});

it("the request to verify a hello is smaller than any hello whose cookie can be read", () => {
  const answer = helloVerify(Buffer.alloc(20), { sequence: 1, messageSequence: 0 });
  const smallest = record(Buffer.alloc(36));
  expect(readHelloStart(Buffer.alloc(36))).toBeDefined();
  expect(answer.length).toBeLessThanOrEqual(smallest.length + 20);
  expect(answer).toHaveLength(48);
});

describe("a message in fragments", () => {
  const whole = Buffer.from("a message that is too long for one datagram");

  it("is put together in whatever order, overlapping or repeated, once", () => {
    const piece = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const reassembly = createReassembly(HANDSHAKE.clientKeyExchange, 4_096);
        const all = [...pieces, ...Array.from({ length: whole.length }, (_, at): [number, number] => [at, 1])];
        const results = all.map(([offset, length]) =>
          reassembly.add({
            type: HANDSHAKE.clientKeyExchange,
            length: whole.length,
            messageSequence: 2,
            offset,
            body: whole.subarray(offset, offset + length),
          }),
        );
        const messages = results.filter((message) => message !== undefined);
        expect(messages).toEqual([whole]);
      }),
    );
  });

  it("that is another one, or longer than may be, is ignored", () => {
    const reassembly = createReassembly(HANDSHAKE.clientKeyExchange, 100);
    const fragment = {
      type: HANDSHAKE.clientKeyExchange,
      length: 2,
      messageSequence: 0,
      offset: 0,
      body: Buffer.of(1),
    };
    expect(reassembly.add({ ...fragment, length: 101 })).toBeUndefined();
    expect(reassembly.add({ ...fragment, type: HANDSHAKE.clientHello })).toBeUndefined();
    expect(reassembly.add(fragment)).toBeUndefined();
    expect(reassembly.add({ ...fragment, messageSequence: 1, offset: 1 })).toBeUndefined();
    expect(reassembly.add({ ...fragment, offset: 1, body: Buffer.of(2) })).toEqual(Buffer.of(1, 2));
  });
});
