import { expect, it } from "vitest";
import type { DtlsEngine, EngineSession } from "../engine/engine.ts";
import { HANDSHAKE } from "../wire/handshake-fragment.ts";
import { CONTENT } from "../wire/record.ts";
import { writeHandshakeRecord } from "../wire/write-record.ts";
import { createFront } from "./create-front.ts";
import type { PeerAddress } from "./peer-address.ts";

const limits = {
  sessions: 2,
  handshakes: 10,
  hellosPerSecond: 100,
  datagramBytes: 1_500,
  identityBytes: 128,
  handshakeMs: 20_000,
  idleMs: 60_000,
  unprovenIdleMs: 30_000,
};
/** A record that can be told from one in clear, and means nothing. */
const FINISHED = Buffer.of(CONTENT.handshake, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0);

/** An engine whose handshakes are over with the datagram after the hello. */
const engine: DtlsEngine = {
  useCertificate: () => undefined,
  openSession(): EngineSession {
    let fed = 0;
    return {
      feed() {
        fed += 1;
        return [];
      },
      takeOutput: () => [],
      write: () => undefined,
      tick: () => undefined,
      shutdown: () => undefined,
      free: () => undefined,
      wantsPsk: () => false,
      setPsk: () => undefined,
      isFinished: () => fed > 1,
      isClosed: () => false,
      suite: () => "",
      peerCertificates: () => [],
    };
  },
};

function open() {
  const clock = { ms: 1_000 };
  const sessions = new Map<number, string>();
  const dropped: string[] = [];
  let cookie: Buffer = Buffer.alloc(0);
  const deps = { engine, limits, nowMs: () => clock.ms, random: (bytes: number) => Buffer.alloc(bytes, 7) };
  const front = createFront(deps, {
    send: (datagram) => {
      cookie = datagram.subarray(-20);
    },
    findKey: () => undefined,
    opened: (id, { at }) => void sessions.set(id, at.address),
    received: () => undefined,
    ended: (id) => void sessions.delete(id),
    handshakeEnded: () => undefined,
    dropped: (reason) => void dropped.push(reason),
  });

  /** Says hello, without a cookie and with one. @param random what tells this hello from others of the same address. */
  function greet(at: PeerAddress, random: number): void {
    cookie = Buffer.alloc(0);
    for (const messageSequence of [0, 1]) {
      const body = Buffer.concat([Buffer.alloc(34, random), Buffer.of(0, cookie.length), cookie]);
      front.receive(writeHandshakeRecord({ type: HANDSHAKE.clientHello, messageSequence, sequence: 0, body }), at);
    }
  }

  return {
    front,
    clock,
    dropped,
    greet,
    finish: (at: PeerAddress) => front.receive(FINISHED, at),
    come(at: PeerAddress, random: number) {
      greet(at, random);
      front.receive(FINISHED, at);
    },
    addresses: () => [...sessions.values()].sort(),
    ids: () => [...sessions.keys()],
  };
}

const [A, B, C] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => ({ address, port: 5684 })) as [
  PeerAddress,
  PeerAddress,
  PeerAddress,
];

it("one more takes the place of a session in which nobody has proved anything", () => {
  const { front, come, addresses, ids } = open();
  come(A, 1);
  front.vouch(ids()[0] ?? 0);
  come(B, 1);
  come(C, 1);
  expect(addresses()).toEqual([A.address, C.address]);
});

it("one more takes the place of the session that was silent for longest, of those that were for long", () => {
  const { front, clock, come, dropped, addresses, ids } = open();
  come(A, 1);
  clock.ms += 1_000;
  come(B, 1);
  for (const id of ids()) front.vouch(id);
  come(C, 1);
  expect([addresses(), dropped]).toEqual([
    [A.address, B.address],
    ["too_many_sessions", "no_session"],
  ]);
  clock.ms += limits.unprovenIdleMs + 1;
  come(C, 2);
  expect(addresses()).toEqual([B.address, C.address]);
});

it("whoever comes again takes his own place, at a full server as well", () => {
  const { come, addresses } = open();
  come(A, 1);
  come(B, 1);
  come(A, 2);
  expect(addresses()).toEqual([A.address, B.address]);
});

it("those who come again do not make room for more sessions than may be", () => {
  const { come, greet, finish, dropped, addresses } = open();
  come(A, 1);
  come(B, 1);
  greet(A, 2);
  greet(B, 2);
  come(C, 1);
  for (const at of [A, B]) finish(at);
  expect([addresses(), dropped]).toEqual([
    [A.address, B.address],
    ["too_many_sessions", "no_session"],
  ]);
});
