import { createLeakyCounts } from "../guard/leaky-counts.ts";
import { createRecentKeys } from "../guard/recent-keys.ts";
import { subnetOf } from "../guard/subnet-of.ts";
import type { Clock } from "../ports/clock.ts";

/** Slows down who shows wrong keys. Of this process; nothing of it is lost that matters when the process ends. */
export interface SignInDelays {
  /**
   * How long a network has to wait before a key from it is looked at, in milliseconds; 0: it may try now.
   *
   * @param digest of what is shown: a key that was right from there lately never waits, so that nobody behind the same address can shut it out.
   */
  waitMs(peer: string, digest: Buffer): number;
  /** A wrong key came. @returns whether this is the one from which on the network waits. */
  noteWrong(peer: string): boolean;
  noteRight(peer: string, digest: Buffer): void;
}

const MAX_NETWORKS = 10_000;
/** Wrong keys that cost nothing: scripts with an old key try a few times. */
const FREE = 10;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A wrong key is forgotten after so long. */
const DRAIN = { everyMs: 60_000, most: FREE + 10 };

/** Makes the delays: a second after the eleventh wrong key, and twice as long after each further one, up to a minute. Memory is bounded. */
export function createSignInDelays({ clock }: { clock: Clock }): SignInDelays {
  const wrong = createLeakyCounts({ clock, maxKeys: MAX_NETWORKS });
  const heldUntil = createRecentKeys<number>(MAX_NETWORKS);
  const right = createRecentKeys<true>(MAX_NETWORKS);
  const rightKey = (peer: string, digest: Buffer) => `${subnetOf(peer)} ${digest.toString("base64")}`;

  return {
    waitMs(peer, digest) {
      const leftMs = (heldUntil.get(subnetOf(peer)) ?? 0) - clock.monotonicMs();
      return leftMs <= 0 || right.get(rightKey(peer, digest)) ? 0 : leftMs;
    },
    noteWrong(peer) {
      const network = subnetOf(peer);
      const beyond = Math.ceil(wrong.add(network, 1, DRAIN)) - FREE;
      if (beyond <= 0) return false;
      const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (beyond - 1));
      heldUntil.set(network, clock.monotonicMs() + delayMs);
      return beyond === 1;
    },
    noteRight: (peer, digest) => right.set(rightKey(peer, digest), true),
  };
}
