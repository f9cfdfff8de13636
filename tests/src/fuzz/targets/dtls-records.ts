import { readHelloStart } from "../../../../packages/dtls/src/wire/client-hello.ts";
import {
  HANDSHAKE,
  type HandshakeFragment,
  readHandshakeFragments,
} from "../../../../packages/dtls/src/wire/handshake-fragment.ts";
import { readPskIdentity } from "../../../../packages/dtls/src/wire/psk-identity.ts";
import { createReassembly } from "../../../../packages/dtls/src/wire/reassembly.ts";
import { RECORD_HEADER_BYTES, readRecords } from "../../../../packages/dtls/src/wire/record.ts";
import { writeHandshakeRecord } from "../../../../packages/dtls/src/wire/write-record.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";

const MOST_IDENTITY_BYTES = 128;

/** Datagrams of DTLS, sound or spoiled: records, the handshake messages in them, and what is read before anything is believed (RFC 6347 4). */
export const dtlsRecords = pureTarget({
  name: "dtls records",
  share: 80,
  make(random) {
    const messages = random.times(random.between(1, 3), () => anyMessage(random));
    const sound = Buffer.concat(messages.map(writeHandshakeRecord));
    if (random.once(3)) return { messages, bytes: sound };
    return { messages: undefined, bytes: random.once(6) ? random.bytes(random.length(200)) : mutate(random, sound) };
  },
  check({ messages, bytes }) {
    const records = readRecords(bytes);
    const read = records.reduce((sum, { body }) => sum + RECORD_HEADER_BYTES + body.length, 0);
    must(read <= bytes.length, "more was read than was sent");
    const fragments = records.flatMap(readHandshakeFragments);
    for (const { body } of records) mustBeWithin(body, bytes);
    for (const fragment of fragments) {
      mustBeWithin(fragment.body, bytes);
      checkFragment(fragment);
    }
    if (!messages) return;
    must(fragments.length === messages.length, "a sound record was not read");
    for (const [at, { type, messageSequence, body }] of messages.entries()) {
      const fragment = fragments[at];
      must(type !== HANDSHAKE.clientHello || readHelloStart(body) !== undefined, "a sound hello was not read");
      must(
        fragment?.type === type && fragment.messageSequence === messageSequence && fragment.body.equals(body),
        "a message came back as another",
      );
    }
  },
});

/** A handshake message in pieces, in whatever order, some of them twice and some of another message (RFC 6347 4.2.3). */
export const dtlsFragments = pureTarget({
  name: "dtls fragments",
  share: 40,
  make(random) {
    const body = random.bytes(random.length(600));
    const pieces = cut(random, body);
    const order = [...pieces, ...random.times(random.length(4), () => random.pick(pieces))];
    return {
      body,
      pieces: shuffled(random, order),
      strange: random.times(random.length(3), () => strange(random, body)),
    };
  },
  check({ body, pieces, strange: others }) {
    const reassembly = createReassembly(HANDSHAKE.clientKeyExchange, 2_048);
    let whole: Buffer | undefined;
    for (const piece of pieces) {
      whole ??= reassembly.add(piece);
      // Nothing of another message gets in, once a piece has said which one it is.
      if (pieces.length > 1) for (const other of others) must(reassembly.add(other) === undefined, "a stranger got in");
    }
    must(whole !== undefined, "every piece was there, and the message was not");
    must(whole.equals(body), "a message was put together as another");
  },
});

function checkFragment({ offset, length, body }: HandshakeFragment): void {
  must(offset + body.length <= length, "a fragment reaches beyond its message");
  const start = readHelloStart(body);
  if (start) {
    const written = Buffer.concat([start.head, Buffer.of(start.cookie.length), start.cookie]);
    must(written.equals(body.subarray(0, written.length)), "a hello's beginning came back as another");
  }
  const identity = readPskIdentity(body, MOST_IDENTITY_BYTES);
  if (identity === undefined) return;
  must(identity.length <= MOST_IDENTITY_BYTES, "an identity is too long");
  const written = Buffer.concat([Buffer.of(0, identity.length), Buffer.from(identity, "latin1")]);
  must(written.equals(body.subarray(0, written.length)), "an identity came back as another");
}

/** What is read is a view of the datagram, and never of the memory around it. */
function mustBeWithin(part: Buffer, whole: Buffer): void {
  const from = part.byteOffset - whole.byteOffset;
  must(
    part.buffer === whole.buffer && from >= 0 && from + part.length <= whole.length,
    "something beside the datagram was read",
  );
}

function anyMessage(random: RandomSource) {
  const type = random.pick([HANDSHAKE.clientHello, HANDSHAKE.clientKeyExchange, HANDSHAKE.helloVerifyRequest, 20]);
  const body = type === HANDSHAKE.clientHello ? anyHello(random) : random.bytes(random.length(300));
  return { type, messageSequence: random.below(0x10000), sequence: random.word(), body };
}

/** RFC 6347 4.2.1: version, random, session id, cookie, suites, compression. */
function anyHello(random: RandomSource): Buffer {
  const vector = (bytes: Buffer) => Buffer.concat([Buffer.of(bytes.length), bytes]);
  const suites = random.bytes(2 * random.length(40));
  return Buffer.concat([
    Buffer.of(0xfe, 0xfd),
    random.bytes(32),
    vector(random.bytes(random.length(32))),
    vector(random.bytes(random.pick([0, 20, 32, 255]))),
    Buffer.of(suites.length >> 8, suites.length & 255),
    suites,
    Buffer.of(1, 0),
  ]);
}

function cut(random: RandomSource, body: Buffer): [HandshakeFragment, ...HandshakeFragment[]] {
  const piece = (offset: number, bytes: number): HandshakeFragment => ({
    type: HANDSHAKE.clientKeyExchange,
    length: body.length,
    messageSequence: 7,
    offset,
    body: body.subarray(offset, offset + bytes),
  });
  const most = random.pick([20, 100, 700]);
  const first = random.between(0, Math.min(most, body.length));
  const pieces: [HandshakeFragment, ...HandshakeFragment[]] = [piece(0, first)];
  for (let at = first; at < body.length; ) {
    const overlap = random.below(Math.min(at, 5) + 1);
    const bytes = random.between(1, most);
    pieces.push(piece(at - overlap, bytes + overlap));
    at += bytes;
  }
  return pieces;
}

/** A fragment as the reader hands one on, of another message. */
function strange(random: RandomSource, body: Buffer): HandshakeFragment {
  const bytes = random.bytes(random.length(100));
  const offset = random.below(600);
  return {
    type: random.pick([HANDSHAKE.clientHello, HANDSHAKE.clientKeyExchange]),
    length: Math.max(body.length, offset + bytes.length) + 1 + random.below(3_000),
    messageSequence: random.pick([7, 8]),
    offset,
    body: bytes,
  };
}

function shuffled<T>(random: RandomSource, items: readonly T[]): readonly T[] {
  const left = [...items];
  const mixed: T[] = [];
  while (left.length > 0) mixed.push(...left.splice(random.below(left.length), 1));
  return mixed;
}
