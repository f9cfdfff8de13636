import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import type { RandomSource } from "../random-source.ts";
import { createPlainClient, type PlainClient } from "./plain-client.ts";
import { openTwoFronts, type TwoFronts } from "./two-fronts.ts";

/** Who has never proved anything, wherever he is. */
export const STRANGER: PeerAddress = { address: "192.0.2.66", port: 6 };
/** Of hellos, when it is not to matter. */
export const UNREACHED_RATE = 10_000;

const LIMITS = {
  datagramBytes: 1_500,
  identityBytes: 128,
  handshakeMs: 20_000,
  idleMs: 60_000,
  unprovenIdleMs: 30_000,
};
const ADDRESSES = 3;

/** A front with its clients, and the line between them. */
export interface Scene {
  readonly fronts: TwoFronts;
  readonly clients: readonly PlainClient[];
  /** One of the clients. */
  any(): PlainClient;
  send(datagram: Buffer, from: PeerAddress): void;
  /** Brings to the clients what was sent to them, as `onTheWay` leaves it; nothing: it is lost. */
  deliver(onTheWay: (datagram: Buffer) => Buffer | undefined): void;
  /** Answers what was asked for, as `finder` finds it; "later": it is asked for still. */
  answer(finder: (key: Buffer | undefined) => Buffer | undefined | "later"): void;
}

/** Sets one. @param given.identityBytes lengths that identities are filled up to. */
export function setScene(
  random: RandomSource,
  note: (seen: unknown) => void,
  given: {
    limits: { sessions: number; handshakes: number; hellosPerSecond: number };
    suites: readonly [number, ...number[]];
    identityBytes: readonly [number, ...number[]];
    clients: number;
  },
): Scene {
  const { limits, suites, identityBytes } = given;
  const seen: { from: string; datagram: Buffer }[] = [];
  note({ limits, seen });
  const fronts = openTwoFronts({ ...LIMITS, ...limits }, limits.hellosPerSecond === UNREACHED_RATE);
  const { questions } = fronts.watched;
  const newClient = (at: number) =>
    createPlainClient(random, {
      at: { address: `192.0.2.${random.between(1, ADDRESSES)}`, port: 5_000 + at },
      suite: random.pick(suites),
      identity: `client ${at}`.padEnd(random.pick(identityBytes), "\xff"),
      key: random.bytes(random.between(1, 256)),
    });
  const first = newClient(0);
  const clients = [first, ...Array.from({ length: given.clients - 1 }, (_, at) => newClient(at + 1))] as const;

  return {
    fronts,
    clients,
    any: () => random.pick(clients),
    send(datagram, from) {
      seen.push({ from: `${from.address} ${from.port}`, datagram });
      fronts.receive(datagram, from);
    },
    deliver(onTheWay) {
      for (const { datagram, to } of fronts.answers.splice(0)) {
        const client = clients.find(({ at }) => at.address === to.address && at.port === to.port);
        const arrived = client && onTheWay(datagram);
        if (arrived) client.hear(arrived);
      }
    },
    answer(finder) {
      for (const question of questions.splice(0)) {
        const key = finder(clients.find(({ identity }) => identity === question.identity)?.key);
        if (key === "later") questions.push(question);
        else fronts.each((front) => front.useKey(question.id, key));
      }
    },
  };
}

/** A client's next flight arrives, and everything that comes of it. */
export function arrive(scene: Scene, client: PlainClient, before?: (datagram: Buffer) => void): void {
  for (const datagram of client.speak()) {
    before?.(datagram);
    scene.send(datagram, client.at);
  }
  const { fronts, deliver, answer } = scene;
  while (fronts.answers.length + fronts.watched.questions.length > 0) {
    deliver((datagram) => datagram);
    answer((key) => key);
  }
}
