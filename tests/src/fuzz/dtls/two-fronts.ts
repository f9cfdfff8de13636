import type { Front } from "../../../../packages/dtls/src/front/create-front.ts";
import type { FrontLimits } from "../../../../packages/dtls/src/front/front-limits.ts";
import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import { must } from "../fuzz-target.ts";
import { createSenders } from "./senders.ts";
import { createWatchedFront, type WatchedFront } from "./watched-front.ts";

/**
 * A front, and another one that hears only those who have returned a cookie. Whatever the others say must not make a difference between
 * them, so nothing is kept of it.
 */
export interface TwoFronts {
  readonly watched: WatchedFront;
  /** What is on its way to clients; whoever takes it removes it. */
  readonly answers: { readonly datagram: Buffer; readonly to: PeerAddress }[];
  receive(datagram: Buffer, from: PeerAddress): void;
  /** Does the same to both. */
  each(work: (front: Front) => void): void;
  pass(ms: number): void;
  rotateCookies(): void;
  /** Lets everybody be silent for longer than may be, or stops. @throws InvariantError when somebody is left, or the fronts differ. */
  end(how: "idle" | "stop"): void;
}

/** Makes both. @param isRateEven the rate of hellos is never reached: it counts those of everybody at an address. */
export function openTwoFronts(limits: FrontLimits, isRateEven: boolean): TwoFronts {
  const clock = { ms: 1_000 };
  const answers: { datagram: Buffer; to: PeerAddress }[] = [];
  const senders = createSenders(limits.hellosPerSecond);
  const deps = { limits, nowMs: () => clock.ms };
  const watched = createWatchedFront(deps, {
    send(datagram, to) {
      answers.push({ datagram, to });
      return senders.gets(datagram, to);
    },
    hello: () => senders.begins(),
  });
  const quiet = createWatchedFront(deps, { send: () => true, hello: () => undefined });

  function each(work: (front: Front) => void): void {
    for (const { front, check } of [watched, quiet]) {
      work(front);
      check();
    }
  }

  return {
    watched,
    answers,
    each,
    receive(datagram, from) {
      const isProven = senders.sends(datagram, from);
      watched.front.receive(Buffer.from(datagram), from);
      watched.check();
      if (isProven) quiet.front.receive(Buffer.from(datagram), from);
    },
    pass(ms) {
      clock.ms += ms;
      senders.timePassed();
      each((front) => front.tick());
    },
    rotateCookies() {
      senders.rotated();
      each((front) => front.rotateCookies());
    },
    end(how) {
      if (how === "stop") each((front) => front.stop());
      else {
        // Handshakes run out at the first look, sessions at one of the next.
        for (let looks = 0; looks < 3; looks += 1) {
          clock.ms += limits.idleMs + 1;
          each((front) => front.tick());
        }
      }
      for (const each of [watched, quiet]) each.checkEmpty();
      const differsAt = watched.told.findIndex((line, at) => line !== quiet.told[at]);
      must(
        !isRateEven || (differsAt === -1 && watched.told.length === quiet.told.length),
        `without those who proved nothing it is ${quiet.told[differsAt] ?? "more or less"} and not ${watched.told[differsAt]}`,
      );
    },
  };
}
