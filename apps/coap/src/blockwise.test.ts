import { generate, type ParsedPacket, parse } from "coap-packet";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type BlockOutcome, type Blockwise, createBlockwise } from "./blockwise.ts";

const LIMITS = { uploads: 100, bytes: 1_000_000, idleMs: 60_000 };
const EXPONENT = 0;
const BLOCK_BYTES = 16;

/** One block of `body`, as a packet of `peer`. */
function take(blockwise: Blockwise, body: Buffer, num: number, peer = "a"): BlockOutcome {
  const payload = body.subarray(num * BLOCK_BYTES, (num + 1) * BLOCK_BYTES);
  const more = num < lastOf(body);
  const word = Buffer.alloc(3);
  word.writeUIntBE(num * 16 + (more ? 8 : 0) + EXPONENT, 0, 3);
  return blockwise.take({ peer, packet: packetOf(payload, word), value: word, maxBytes: 10_000 });
}

function packetOf(payload: Buffer, value: Buffer): ParsedPacket {
  const options = [
    { name: "Uri-Path" as const, value: Buffer.from("topic") },
    { name: "Block1" as const, value },
  ];
  return parse(generate({ code: "POST", confirmable: true, messageId: 1, options, payload }));
}

function lastOf(body: Buffer): number {
  return Math.max(0, Math.ceil(body.length / BLOCK_BYTES) - 1);
}

const aBody = bodyOf(1);

/** Bodies up to 25 blocks long. */
function bodyOf(minLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength, maxLength: 400, size: "max" }).map((bytes) => Buffer.from(bytes));
}

it("blocks in any order, some of them twice, make the body once the last one comes after the others", () => {
  const uploads = aBody.chain((body) => {
    const before = Array.from({ length: lastOf(body) }, (_, num) => num);
    const twice = fc.subarray(before).chain((again) => fc.shuffledSubarray([...before, ...again], { minLength: 0 }));
    return fc.record({ body: fc.constant(body), extra: twice, order: fc.shuffledSubarray(before, whole(before)) });
  });
  fc.assert(
    fc.property(uploads, ({ body, extra, order }) => {
      const blockwise = createBlockwise(LIMITS);
      for (const num of [...extra, ...order]) expect(take(blockwise, body, num)).toEqual({ code: "2.31" });
      expect(take(blockwise, body, lastOf(body))).toEqual({ body });
    }),
  );
});

it("a last block that comes too early is answered 4.08, and makes the body when it is sent again after the others", () => {
  fc.assert(
    fc.property(bodyOf(BLOCK_BYTES + 1), (body) => {
      const blockwise = createBlockwise(LIMITS);
      const last = lastOf(body);
      expect(take(blockwise, body, last)).toEqual({ code: "4.08" });
      for (let num = 0; num < last; num += 1) expect(take(blockwise, body, num)).toEqual({ code: "2.31" });
      expect(take(blockwise, body, last)).toEqual({ body });
    }),
  );
});

it("uploads of several senders at once do not mix", () => {
  const interleaved = fc.tuple(aBody, aBody, fc.infiniteStream(fc.boolean()));
  fc.assert(
    fc.property(interleaved, ([first, second, turns]) => {
      const blockwise = createBlockwise(LIMITS);
      const senders = [
        { peer: "a", body: first, next: 0 },
        { peer: "b", body: second, next: 0 },
      ];
      const bodies = new Map<string, Buffer>();
      while (bodies.size < senders.length) {
        const wanted = turns.next().value ? "a" : "b";
        const sender = senders.find(({ peer }) => peer === wanted && !bodies.has(peer));
        if (!sender) continue;
        const outcome = take(blockwise, sender.body, sender.next, sender.peer);
        sender.next += 1;
        if ("body" in outcome) bodies.set(sender.peer, outcome.body);
      }
      expect([bodies.get("a"), bodies.get("b")]).toEqual([first, second]);
    }),
  );
});

it("another first block begins another upload, and blocks of the older one are forgotten", () => {
  const blockwise = createBlockwise(LIMITS);
  const [older, newer] = [Buffer.alloc(48, "o"), Buffer.alloc(48, "n")];
  take(blockwise, older, 0);
  take(blockwise, older, 1);
  take(blockwise, newer, 0);
  expect(take(blockwise, newer, 2)).toEqual({ code: "4.08" });
});

it("uploads hold no more bytes together than they may, small blocks weighed with what they cost", () => {
  const bytes = 20_000;
  const blockwise = createBlockwise({ ...LIMITS, bytes });
  const body = Buffer.alloc(BLOCK_BYTES * 40, "x");
  for (let num = 0; num < 39; num += 1) take(blockwise, body, num, "first");
  for (let num = 0; num < 39; num += 1) take(blockwise, body, num, "second");
  expect(take(blockwise, body, 39, "first")).toEqual({ code: "4.08" });
});

it.each([
  ["a size exponent of 7", Buffer.of(0x07), 16, "4.00"],
  ["a value of four bytes", Buffer.alloc(4), 16, "4.00"],
  ["a block that is not full though more follow", Buffer.of(0x08), 15, "4.00"],
  ["a last block that is longer than its size", Buffer.of(0x00), 17, "4.00"],
  ["a block beyond the limit", Buffer.of(0xff, 0xf8), 16, "4.13"],
])("%s is refused", (_name, value, length, code) => {
  const packet = packetOf(Buffer.alloc(length, "x"), value);
  expect(createBlockwise(LIMITS).take({ peer: "a", packet, value, maxBytes: 1000 })).toEqual({ code });
});

function whole(items: readonly unknown[]): { minLength: number } {
  return { minLength: items.length };
}
