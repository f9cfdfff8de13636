import { createFront, type Front } from "../../../../packages/dtls/src/front/create-front.ts";
import type { FrontLimits } from "../../../../packages/dtls/src/front/front-limits.ts";
import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import { must } from "../fuzz-target.ts";
import { createPlainEngine } from "./plain-engine.ts";

/** A front over the plain engine, whose promises are looked at whenever it tells something. */
export interface WatchedFront {
  readonly front: Front;
  /** Everything that it told and said, in order. */
  readonly told: string[];
  /** Handshakes that wait for the key of an identity. */
  readonly questions: { readonly id: number; readonly identity: string }[];
  /** Sessions that are open, by their numbers. */
  readonly open: ReadonlySet<number>;
  /** @throws InvariantError when there is more of anything than may be. */
  check(): void;
  /** @throws InvariantError when anything is left. */
  checkEmpty(): void;
}

/**
 * Makes one.
 *
 * @param on.send says whether what was sent is to be told; `on.hello`: a session begins.
 */
export function createWatchedFront(
  { limits, nowMs }: { limits: FrontLimits; nowMs: () => number },
  on: { send(datagram: Buffer, to: PeerAddress): boolean; hello(body: Buffer): void },
): WatchedFront {
  const engine = createPlainEngine(on.hello);
  const told: string[] = [];
  const questions: { id: number; identity: string }[] = [];
  const open = new Set<number>();
  const over = new Set<number>();
  let drawn = 0;

  function isNew(id: number): void {
    must(!over.has(id) && !open.has(id), "something is told of a handshake that is over");
  }

  const deps = {
    engine,
    limits,
    nowMs,
    // Two fronts that are to do the same have to draw the same secrets.
    random(bytes: number) {
      drawn += 1;
      return Buffer.alloc(bytes, drawn);
    },
  };
  const front = createFront(deps, {
    send(datagram, to) {
      if (on.send(datagram, to)) told.push(`to ${to.address} ${to.port}: ${datagram.toString("hex")}`);
    },
    findKey(id, identity) {
      isNew(id);
      must(identity.length > 0 && identity.length <= limits.identityBytes, "an identity is too long");
      told.push(`${id} is ${identity}`);
      questions.push({ id, identity });
    },
    opened(id, { at, suite }) {
      must(!open.has(id) && over.delete(id), "a session opened without its handshake");
      open.add(id);
      must(open.size <= limits.sessions, "there are more sessions than may be");
      told.push(`${id} opened at ${at.address} ${at.port} with ${suite}`);
    },
    received(id, plain) {
      must(open.has(id), "something was received outside of a session");
      told.push(`${id} says ${plain.toString("hex")}`);
    },
    ended(id, end) {
      must(open.delete(id), "a session ended that was not open");
      over.add(id);
      told.push(`${id} ended: ${end}`);
    },
    handshakeEnded(id, outcome) {
      isNew(id);
      over.add(id);
      told.push(`${id} shook hands: ${outcome}`);
    },
    dropped: () => undefined,
  });

  return {
    front,
    told,
    questions,
    open,
    check() {
      must(engine.alive - open.size <= limits.handshakes, "there are more handshakes than may be");
      must(open.size <= limits.sessions, "there are more sessions than may be");
    },
    checkEmpty() {
      must(open.size === 0, "a session outlived its time");
      must(engine.alive === 0, "a handshake outlived its time");
    },
  };
}
