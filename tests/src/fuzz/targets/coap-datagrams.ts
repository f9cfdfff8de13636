import { generate, type Option, type Packet, type ParsedPacket } from "coap-packet";
import { blockOption, readBlock } from "../../../../apps/coap/src/block-option.ts";
import { createBlockwise } from "../../../../apps/coap/src/blockwise.ts";
import { readOptions, uintOption } from "../../../../apps/coap/src/options.ts";
import { parseDatagram } from "../../../../apps/coap/src/parse-datagram.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText, hexText } from "../texts.ts";

const CODES: readonly [string, ...string[]] = ["0.01", "0.02", "0.03", "0.04", "0.05", "0.31", "2.05", "4.04", "5.03"];
const PATHS: readonly [string, ...string[]] = [
  "auth",
  "topic",
  "mailbox",
  "pull",
  "sys",
  "..",
  ".well-known",
  "core",
  "a1b2C3d4E5f",
  "device_01",
];
/** Numbers of the device protocol, of RFC 7252, 7641, 7959, and such as nobody has given away. */
const NUMBERS: readonly [number, ...number[]] = [
  1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 17, 19, 20, 23, 27, 28, 31, 35, 39, 60, 61, 62, 63, 258, 2088, 2089, 2090,
  9001, 65_535,
];

/** A datagram, sound or spoiled. */
export const coapDatagrams = pureTarget({
  name: "coap datagrams",
  share: 120,
  make(random) {
    const packet = anyPacket(random);
    const sound = generate(packet, 65_507);
    if (random.once(3)) return { packet, bytes: sound };
    return { packet: undefined, bytes: random.once(6) ? random.bytes(random.length(120)) : mutate(random, sound) };
  },
  check({ packet, bytes }) {
    const parsed = parseDatagram(bytes);
    must(packet === undefined || parsed !== undefined, "a sound datagram was not read");
    if (!parsed) return;
    if (packet) mustEqual(parsed, packet);
    must(parsed.token.length <= 8, "a token of more than eight bytes was read");
    const read = parsed.options.reduce(
      (sum, { value }) => sum + value.length,
      parsed.token.length + parsed.payload.length,
    );
    must(read <= bytes.length, "more was read than was sent");
    const { path, token, seq } = readOptions(parsed.options);
    must(path.length <= parsed.options.length, "the path has more segments than there are options");
    must((token?.length ?? 0) + (seq?.length ?? 0) <= bytes.length, "the token is longer than the datagram");
    // What is written back is read as the same again.
    const again = parseDatagram(generate(parsed as Packet, 65_507));
    must(again !== undefined, "what was read cannot be written and read again");
    mustEqual(again, parsed);
  },
});

/** Blocks of uploads in any order: what is put together is what was cut. */
export const coapBlocks = pureTarget({
  name: "coap block1",
  share: 20,
  make(random) {
    const body = random.bytes(random.length(900));
    const exponent = random.below(4);
    const bytes = 2 ** (exponent + 4);
    const blocks = Array.from({ length: Math.max(1, Math.ceil(body.length / bytes)) }, (_, num) => ({
      num,
      payload: body.subarray(num * bytes, (num + 1) * bytes),
    }));
    const order = random.times(random.length(4), () => random.below(blocks.length));
    return { body, exponent, blocks, strange: order, values: random.times(3, () => random.bytes(random.length(4))) };
  },
  check({ body, exponent, blocks, strange, values }) {
    const blockwise = createBlockwise({ uploads: 4, bytes: 100_000, idleMs: 60_000 });
    const take = (value: Buffer, payload: Buffer) =>
      blockwise.take({
        peer: "192.0.2.1:1",
        packet: { code: "0.02", options: [], payload } as unknown as ParsedPacket,
        value,
        maxBytes: 1_024,
      });
    for (const value of values) {
      readBlock(value);
      take(value, Buffer.alloc(16));
    }
    for (const at of strange) send(at);
    let outcome = send(0);
    for (let at = 1; at < blocks.length; at += 1) outcome = send(at);
    must("body" in outcome, `an upload in order ended with ${"code" in outcome ? outcome.code : ""}`);
    must(outcome.body.equals(body), "an upload came out as another");

    function send(at: number) {
      const block = blocks[at] ?? { num: 0, payload: body };
      return take(blockOption({ num: block.num, more: at < blocks.length - 1, exponent }), block.payload);
    }
  },
});

/** Whole numbers as options hold them (RFC 7252 3.2). */
export const coapNumbers = pureTarget({
  name: "coap numbers",
  share: 10,
  make: (random) => ({
    value: random.word(),
    num: random.below(2 ** 20),
    more: random.once(2),
    exponent: random.below(7),
  }),
  check({ value, num, more, exponent }) {
    const bytes = uintOption(value);
    must(
      bytes[0] !== 0 && (bytes.length === 0 ? 0 : bytes.readUIntBE(0, bytes.length)) === value,
      "a number came back as another",
    );
    const block = readBlock(blockOption({ num, more, exponent }));
    must(block?.num === num && block.more === more && block.exponent === exponent, "a block came back as another");
  },
});

/** A message as a device, or somebody who knows the protocol well, may send it. */
export function anyPacket(random: RandomSource): Packet {
  const options: Option[] = random.times(random.length(4), () => ({
    name: "Uri-Path",
    value: Buffer.from(random.pick(PATHS)),
  }));
  for (let more = random.length(5); more > 0; more -= 1) options.push(anyOption(random));
  return {
    code: random.pick(CODES),
    confirmable: random.once(2),
    messageId: random.below(0x10000),
    token: random.bytes(random.below(9)),
    options,
    payload: random.once(3) ? Buffer.alloc(0) : Buffer.from(anyPayload(random)),
  };
}

function anyOption(random: RandomSource): Option {
  const number = random.once(5) ? random.below(0x10000) : random.pick(NUMBERS);
  return {
    name: String(number),
    value: random.bytes(random.once(10) ? random.length(400) : random.length(8)),
  } as unknown as Option;
}

function anyPayload(random: RandomSource): string {
  if (random.once(2)) return anyText(random, 200);
  return JSON.stringify({
    productKey: "a1b2C3d4E5f",
    deviceName: "device_01",
    clientId: anyText(random, 12),
    sign: hexText(random, 16),
    seq: "1",
  });
}

/** Options are written in the order of their numbers, so they are compared as a set. */
function mustEqual(one: ParsedPacket, other: Packet): void {
  must(one.code === other.code && one.messageId === other.messageId, "code or message id came back as another");
  must(isSame(one.token, other.token), "the token came back as another");
  must(isSame(one.payload, other.payload), "the payload came back as another");
  must(valuesOf(one.options) === valuesOf(other.options ?? []), "the options came back as others");
}

function valuesOf(options: readonly Option[]): string {
  return options
    .map(({ value }) => Buffer.from(value as Buffer).toString("hex"))
    .sort()
    .join();
}

function isSame(one: Buffer, other: Buffer = Buffer.alloc(0)): boolean {
  return one.equals(other);
}
