import { type DtlsEngine, EngineFault, type EngineSession } from "../engine/engine.ts";
import { HANDSHAKE, readHandshakeFragments } from "../wire/handshake-fragment.ts";
import { readPskIdentity } from "../wire/psk-identity.ts";
import { createReassembly } from "../wire/reassembly.ts";
import { type DtlsRecord, readRecords } from "../wire/record.ts";
import type { HandshakeOutcome, SessionEnd } from "./front-limits.ts";
import type { PeerAddress } from "./peer-address.ts";

/** A client whose address was verified: first its handshake, then its session. */
export interface Peer {
  readonly id: number;
  readonly at: PeerAddress;
  /** Of the hello that it began with. */
  readonly head: Buffer;
  readonly suite: string;
  readonly isEstablished: boolean;
  /** When it last said anything that could be decrypted, or began. */
  readonly seenAtMs: number;
  feed(datagram: Buffer): void;
  /** Answers `findKey`; nothing: it cannot be found now, and the client has to ask again. */
  useKey(key: Buffer | undefined): void;
  write(plain: Buffer): void;
  tick(): void;
  /** Says close_notify, where there is somebody to hear it, and ends. */
  close(why: SessionEnd): void;
  /** Ends without a word. */
  drop(outcome: HandshakeOutcome, end: SessionEnd): void;
  peerCertificates(): Buffer[];
}

/** What a peer tells. */
export interface PeerEvents {
  send(datagram: Buffer): void;
  findKey(identity: string): void;
  established(): void;
  received(plain: Buffer): void;
  /** @param end of a session; nothing when it ended within its handshake. */
  ended(how: { outcome: HandshakeOutcome } | { end: SessionEnd }): void;
  identityTooLong(): void;
}

// What a client may send while its key is looked up: one flight, in some pieces, and again.
const MAX_PARKED = 12;
// RSA with 8192 bits has 1026; an identity has its limit, and a share of a key agreement behind it 133.
const MAX_KEY_EXCHANGE_BYTES = 2048;

/**
 * Makes a peer; `feed` takes its hello first, whole.
 *
 * OpenSSL asks for a pre-shared key at once and cannot wait, so what the client sends instead of a hello is parked until the identity in it is
 * read and its key is here.
 */
export function createPeer(
  engine: DtlsEngine,
  given: { id: number; at: PeerAddress; head: Buffer; identityBytes: number; nowMs: () => number },
  on: PeerEvents,
): Peer {
  const { id, at, head, identityBytes, nowMs } = given;
  const session: EngineSession = engine.openSession();
  let keyExchange = createReassembly(HANDSHAKE.clientKeyExchange, MAX_KEY_EXCHANGE_BYTES);
  let parked: Buffer[] = [];
  let awaits: "nothing" | "identity" | "key" = "nothing";
  let established = false;
  let seenAtMs = nowMs();
  let gone = false;

  function feed(datagram: Buffer): void {
    if (gone) return;
    if (awaits === "nothing") {
      take(datagram);
      return;
    }
    if (parked.length === MAX_PARKED) parked.shift();
    parked.push(datagram);
    if (awaits === "identity") lookForIdentity(readRecords(datagram));
  }

  function lookForIdentity(records: readonly DtlsRecord[]): void {
    const message = firstOf(records.flatMap(readHandshakeFragments), (fragment) => keyExchange.add(fragment));
    if (!message) return;
    const identity = readPskIdentity(message, identityBytes);
    if (identity === undefined) {
      // It looks like a wrong key from outside: the handshake is never answered, and runs out.
      on.identityTooLong();
    } else {
      awaits = "key";
      on.findKey(identity);
    }
  }

  function take(datagram: Buffer): void {
    const plain = attempt(() => session.feed(datagram)) ?? [];
    flush();
    if (gone) return;
    if (!established && session.isFinished()) {
      established = true;
      on.established();
    }
    if (!established && session.wantsPsk()) awaits = "identity";
    if (plain.length > 0) seenAtMs = nowMs();
    for (const each of plain) on.received(each);
    if (!gone && session.isClosed()) close("disconnected");
  }

  /** A session that its engine gave up ends, and the other side hears why. */
  function attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof EngineFault)) throw error;
      const { reason } = error;
      flush();
      drop(reason, reason === "no_shared_suite" ? "protocol" : reason);
      return undefined;
    }
  }

  function flush(): void {
    if (gone) return;
    for (const datagram of session.takeOutput()) on.send(datagram);
  }

  function drop(outcome: HandshakeOutcome, end: SessionEnd): void {
    if (gone) return;
    gone = true;
    parked = [];
    session.free();
    on.ended(established ? { end } : { outcome });
  }

  function close(why: SessionEnd): void {
    if (gone) return;
    if (established) {
      session.shutdown();
      flush();
    }
    drop("given_up", why);
  }

  return {
    id,
    at,
    head,
    get suite() {
      return gone ? "" : session.suite();
    },
    get isEstablished() {
      return established;
    },
    get seenAtMs() {
      return seenAtMs;
    },
    feed,
    useKey(key) {
      if (gone || awaits !== "key") return;
      const waiting = parked;
      parked = [];
      if (!key) {
        awaits = "identity";
        keyExchange = createReassembly(HANDSHAKE.clientKeyExchange, MAX_KEY_EXCHANGE_BYTES);
        return;
      }
      awaits = "nothing";
      session.setPsk(key);
      for (const datagram of waiting) feed(datagram);
    },
    write(plain) {
      if (gone || !established) return;
      attempt(() => session.write(plain));
      flush();
    },
    tick() {
      // While a key is looked up the client's flight is not lost, it is only not read yet.
      if (gone || awaits === "key") return;
      attempt(() => session.tick());
      flush();
    },
    close,
    drop,
    peerCertificates: () => (gone ? [] : session.peerCertificates()),
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
