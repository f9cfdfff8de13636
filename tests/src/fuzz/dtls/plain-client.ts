import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import { HANDSHAKE, readHandshakeFragments } from "../../../../packages/dtls/src/wire/handshake-fragment.ts";
import { CONTENT, readRecords } from "../../../../packages/dtls/src/wire/record.ts";
import type { RandomSource } from "../random-source.ts";
import { seal, writeFinished } from "./plain-protocol.ts";
import { writePiece, writePieces } from "./write-records.ts";

/** A device that speaks DTLS without cryptography, as the plain engine does. */
export interface PlainClient {
  readonly at: PeerAddress;
  /** What it says of itself in its key exchange, and what it proves. */
  readonly identity: string;
  readonly key: Buffer;
  readonly isOpen: boolean;
  /** Its next flight, each a datagram, whole or in pieces and those in any order that a server has to take. */
  speak(): Buffer[];
  hear(datagram: Buffer): void;
  /** It was switched off and on: it has forgotten everything but where it is. */
  restart(): void;
}

const PSK = 0x008c;
const SERVER_HELLO = 2;

/** Makes a client. @param suite the one that it offers. */
export function createPlainClient(
  random: RandomSource,
  given: { at: PeerAddress; suite: number; identity: string; key: Buffer },
): PlainClient {
  const { at, suite, identity, key } = given;
  let head = anyHead(random);
  let padding = random.length(400);
  let cookie: Buffer = Buffer.alloc(0);
  let stage: "hello" | "proof" | "open" = "hello";

  function hello(): Buffer[] {
    const suites = Buffer.alloc(4);
    suites.writeUInt16BE(2);
    suites.writeUInt16BE(suite, 2);
    const body = Buffer.concat([
      head,
      Buffer.of(cookie.length),
      cookie,
      suites,
      Buffer.of(1, 0),
      Buffer.alloc(padding),
    ]);
    const message = { type: HANDSHAKE.clientHello, messageSequence: cookie.length > 0 ? 1 : 0, body };
    if (random.once(2)) return [writePiece(message)];
    // RFC 6347 4.2.1: the cookie has to end within the first piece, and without it nobody keeps the others.
    const [first, ...rest] = writePieces(random, message, head.length + 1 + cookie.length);
    return [first, ...shuffled(random, rest)];
  }

  function proof(): Buffer[] {
    const finished = writeFinished(suite === PSK ? key : Buffer.alloc(0));
    const named = suite === PSK ? Buffer.from(identity, "latin1") : random.bytes(65);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(named.length);
    const body = Buffer.concat([length, named]);
    const message = { type: HANDSHAKE.clientKeyExchange, messageSequence: 2, body };
    const pieces = random.once(2) ? [writePiece(message)] : shuffled(random, writePieces(random, message, 1));
    const flight = [...pieces, finished];
    return random.once(3) ? [Buffer.concat(flight)] : flight;
  }

  return {
    at,
    identity,
    key,
    get isOpen() {
      return stage === "open";
    },
    speak() {
      if (stage === "hello") return hello();
      return stage === "proof" ? proof() : [seal(random.bytes(random.length(300)))];
    },
    hear(datagram) {
      for (const record of readRecords(datagram)) {
        if (record.type === CONTENT.handshake && record.epoch === 1) {
          if (stage === "proof") stage = "open";
          continue;
        }
        for (const { type, body } of readHandshakeFragments(record)) {
          if (stage !== "hello") continue;
          if (type === HANDSHAKE.helloVerifyRequest) cookie = Buffer.from(body.subarray(3));
          else if (type === SERVER_HELLO && cookie.length > 0) stage = "proof";
        }
      }
    },
    restart() {
      head = anyHead(random);
      padding = random.length(400);
      cookie = Buffer.alloc(0);
      stage = "hello";
    },
  };
}

/** Version, random, and a session to resume or none. */
function anyHead(random: RandomSource): Buffer {
  const session = random.bytes(random.pick([0, 0, 32]));
  return Buffer.concat([Buffer.of(0xfe, 0xfd), random.bytes(32), Buffer.of(session.length), session]);
}

function shuffled(random: RandomSource, items: readonly Buffer[]): Buffer[] {
  const mixed: Buffer[] = [];
  for (const item of items) mixed.splice(random.below(mixed.length + 1), 0, item);
  // The network repeats what it likes.
  const [again] = mixed;
  return again && random.once(4) ? [...mixed, again] : mixed;
}
