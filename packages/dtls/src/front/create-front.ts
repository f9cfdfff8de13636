import type { DtlsEngine } from "../engine/engine.ts";
import { HANDSHAKE, readHandshakeFragments } from "../wire/handshake-fragment.ts";
import { readRecords } from "../wire/record.ts";
import type { FrontDrop, FrontLimits, HandshakeOutcome, SessionEnd } from "./front-limits.ts";
import { createHelloDesk, type VerifiedHello } from "./hello-desk.ts";
import { createPeer, type Peer, type PeerEvents } from "./peer.ts";
import { type PeerAddress, peerKey } from "./peer-address.ts";
import { type Place, takersOf } from "./place.ts";

/** The server's side of DTLS over one UDP socket, without the socket, the clock and the cryptography. */
export interface Front {
  receive(datagram: Buffer, from: PeerAddress): void;
  /** Answers `findKey`; nothing: it cannot be found now. */
  useKey(id: number, key: Buffer | undefined): void;
  /** Sends a datagram in a session; in one that has ended, nothing. */
  send(id: number, plain: Buffer): void;
  /** Whoever is at the other end has proved which device it is: the session may idle for long. */
  vouch(id: number): void;
  end(id: number): void;
  /** Lets time pass: repeats flights and ends what took too long; to be called several times a second. */
  tick(): void;
  rotateCookies(): void;
  /** Says close_notify to all, and takes in nothing more. */
  stop(): void;
}

/** What a front does and tells. Handshakes and their sessions are known by a number. */
export interface FrontEvents {
  send(datagram: Buffer, to: PeerAddress): void;
  /** Asks for the key of an identity, text in latin-1; `useKey` is the answer. */
  findKey(id: number, identity: string, from: PeerAddress): void;
  opened(id: number, session: { at: PeerAddress; suite: string; certificates: Buffer[] }): void;
  received(id: number, plain: Buffer): void;
  ended(id: number, end: SessionEnd): void;
  /** @param id so that what was kept of it, its key, can be forgotten when it did not become a session. */
  handshakeEnded(id: number, outcome: HandshakeOutcome): void;
  dropped(reason: FrontDrop): void;
}

interface FrontDeps {
  readonly engine: DtlsEngine;
  readonly limits: FrontLimits;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Buffer;
}

const IDLE_LOOK_MS = 1000;

/** Makes a front. */
export function createFront({ engine, limits, nowMs, random }: FrontDeps, on: FrontEvents): Front {
  const desk = createHelloDesk({ limits, nowMs, random }, on);
  const places = new Map<string, Place>();
  const peers = new Map<number, Peer>();
  const handshakes = new Map<Peer, number>();
  const vouched = new Set<number>();
  let lastId = 0;
  let idleLookedAtMs = nowMs();
  let stopped = false;

  /** @returns why a verified hello begins nothing; it may be a repeat, whose answer a timer repeats. */
  function refuse(
    { head }: VerifiedHello,
    from: PeerAddress,
    place: Place | undefined,
  ): FrontDrop | "repeated" | undefined {
    if (place?.next?.head.equals(head) || place?.current?.head.equals(head)) return "repeated";
    if (!desk.mayBegin(from)) return "handshake_rate";
    if (handshakes.size >= limits.handshakes) return "too_many_handshakes";
    if (!place && places.size >= limits.sessions && !makeRoom()) return "too_many_sessions";
    return undefined;
  }

  /**
   * A place for one more: that of a peer that has proved nothing, or else of the one that was silent for longest. Whoever is coming again keeps
   * his: without his former session he would still be there.
   */
  function makeRoom(): boolean {
    const now = nowMs();
    let silent: Peer | undefined;
    for (const { current, next } of places.values()) {
      if (!current || next) continue;
      if (!vouched.has(current.id)) {
        current.close("no_room");
        return true;
      }
      if (current.seenAtMs < (silent?.seenAtMs ?? now - limits.unprovenIdleMs)) silent = current;
    }
    silent?.close("no_room");
    return silent !== undefined;
  }

  function begin({ head, datagram }: VerifiedHello, from: PeerAddress): void {
    const key = peerKey(from);
    const place = places.get(key) ?? { current: undefined, next: undefined };
    place.next?.drop("given_up", "taken_over");
    lastId += 1;
    const given = { id: lastId, at: { ...from }, head, identityBytes: limits.identityBytes, nowMs };
    const peer: Peer = createPeer(
      engine,
      given,
      eventsOf(place, key, () => peer),
    );
    place.next = peer;
    places.set(key, place);
    peers.set(peer.id, peer);
    handshakes.set(peer, nowMs());
    peer.feed(datagram);
  }

  function eventsOf(place: Place, key: string, peer: () => Peer): PeerEvents {
    return {
      send: (datagram) => on.send(datagram, peer().at),
      findKey: (identity) => on.findKey(peer().id, identity, peer().at),
      established() {
        const { id, at, suite } = peer();
        handshakes.delete(peer());
        place.current?.drop("given_up", "taken_over");
        place.current = peer();
        place.next = undefined;
        places.set(key, place);
        on.handshakeEnded(id, "ok");
        on.opened(id, { at, suite, certificates: peer().peerCertificates() });
      },
      received: (plain) => on.received(peer().id, plain),
      ended(how) {
        const { id } = peer();
        handshakes.delete(peer());
        peers.delete(id);
        vouched.delete(id);
        if (place.current === peer()) place.current = undefined;
        if (place.next === peer()) place.next = undefined;
        if (!place.current && !place.next) places.delete(key);
        if ("end" in how) on.ended(id, how.end);
        else on.handshakeEnded(id, how.outcome);
      },
      identityTooLong: () => on.dropped("identity_too_long"),
    };
  }

  function endIdle(now: number): void {
    if (now - idleLookedAtMs < IDLE_LOOK_MS) return;
    idleLookedAtMs = now;
    for (const peer of peers.values()) {
      const idleMs = vouched.has(peer.id) ? limits.idleMs : limits.unprovenIdleMs;
      if (peer.isEstablished && now - peer.seenAtMs > idleMs) peer.close("idle");
    }
  }

  return {
    receive(datagram, from) {
      if (stopped) return;
      if (datagram.length > limits.datagramBytes) return on.dropped("datagram_too_large");
      const [record] = readRecords(datagram);
      if (!record) return on.dropped("malformed");
      const [fragment] = readHandshakeFragments(record);
      const place = places.get(peerKey(from));
      if (fragment?.type === HANDSHAKE.clientHello) {
        const hello = desk.hear(fragment, record, from);
        const refusal = hello && refuse(hello, from, place);
        if (hello && !refusal) begin(hello, from);
        else if (refusal && refusal !== "repeated") on.dropped(refusal);
        return;
      }
      const takers = place ? takersOf(place, record) : [];
      if (takers.length === 0) on.dropped("no_session");
      for (const peer of takers) peer.feed(datagram);
    },
    useKey: (id, key) => peers.get(id)?.useKey(key),
    send: (id, plain) => peers.get(id)?.write(plain),
    vouch(id) {
      if (peers.has(id)) vouched.add(id);
    },
    end: (id) => peers.get(id)?.close("closed"),
    tick() {
      const now = nowMs();
      for (const [peer, sinceMs] of handshakes) {
        if (now - sinceMs > limits.handshakeMs) peer.drop("timeout", "protocol");
        else peer.tick();
      }
      endIdle(now);
    },
    rotateCookies: () => desk.rotateCookies(),
    stop() {
      stopped = true;
      for (const peer of peers.values()) peer.close("stopped");
    },
  };
}
