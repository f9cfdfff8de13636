import { type Refusal, refuse } from "../auth/refusal.ts";
import { type DeviceRef, deviceKey } from "../certificate/names.ts";
import type { AttemptLimiter } from "../ports/attempt-limiter.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";
import { createLeakyCounts, type Drain, type LeakyCounts } from "./leaky-counts.ts";
import { createRecentKeys } from "./recent-keys.ts";
import { subnetOf } from "./subnet-of.ts";

/** What wrong MACs lead to. */
export interface GuessSettings {
  /** Wrong MACs a minute from one network, above which it is refused unheard; 0 is no limit. */
  readonly failuresPerPeer: number;
  /** The longest time for which further wrong MACs of one device from one network are refused as `throttled`; 0: never. */
  readonly guessDelayMs: number;
}

/** Whose login it is. */
export interface Guesser {
  /** Network address, without port. */
  readonly peer: string;
  /** As it says. */
  readonly device?: DeviceRef;
}

/** What is known of wrong MACs, over all nodes; a right one costs nothing there. */
export interface Guesses {
  /** Refuses a network from which too many wrong MACs came, except for devices that proved themselves from it. Before any look-up. */
  refuseUnheard(guesser: Guesser): Refusal | undefined;
  /** Counts a wrong MAC. @returns the refusal to give in the place of `bad_credentials`. */
  noteWrong(guesser: Guesser): Refusal | undefined;
  /** The device proved itself from this network. */
  noteRight(guesser: Guesser): void;
  /** Tells the other nodes what was counted here, and learns what they counted. Never throws: the fault is recorded, and this node counts alone. */
  flush(): Promise<void>;
}

interface Deps {
  readonly limiter: AttemptLimiter;
  readonly clock: Clock;
  readonly recorder: Pick<Recorder, "fault">;
  readonly settings: GuessSettings;
}

const MAX_KEYS = 100_000;
const MAX_UNTOLD = 10_000;
const CHUNK = 200;

/** One connect call of an SDK with a wrong secret tries so often (wire-format 2.7). */
const FREE_GUESSES = 8;
/** Two seconds for the first one beyond, twice as long for each further one. */
const FIRST_DELAY_MS = 2_000;
const DOUBLINGS = 10;
const OF_DEVICE: Drain = { everyMs: 60_000, most: FREE_GUESSES + DOUBLINGS };

interface Untold {
  readonly counts: LeakyCounts;
  readonly drain: Drain;
  count: number;
}

/**
 * Makes what counts wrong MACs: each by the network that it came from, and by that network and the device that it names.
 *
 * Neither can shut the true device out. What is refused per device and network are wrong MACs only, after they were found wrong. What is refused per
 * network is refused unheard, but devices that proved themselves from there, the last ones of this process, are heard.
 */
export function createGuesses({ limiter, clock, recorder, settings }: Deps): Guesses {
  const { failuresPerPeer, guessDelayMs } = settings;
  const ofNetworks = createLeakyCounts({ clock, maxKeys: MAX_KEYS });
  const ofDevices = createLeakyCounts({ clock, maxKeys: MAX_KEYS });
  const delayedUntil = createRecentKeys<number>(MAX_KEYS);
  const proven = createRecentKeys<true>(MAX_KEYS);
  const perNetwork: Drain = { everyMs: 60_000 / (failuresPerPeer || 1), most: 2 * failuresPerPeer };
  const untold = new Map<string, Untold>();

  function count(counts: LeakyCounts, key: string, drain: Drain): number {
    const known = untold.get(key);
    if (known) known.count += 1;
    else if (untold.size < MAX_UNTOLD) untold.set(key, { counts, drain, count: 1 });
    return counts.add(key, 1, drain);
  }

  /** A wrong MAC is told the truth each time that its delay is over, and the next delay begins. */
  function delay(key: string): Refusal | undefined {
    const beyond = Math.ceil(count(ofDevices, key, OF_DEVICE)) - FREE_GUESSES;
    if (beyond <= 0) return undefined;
    const nowMs = clock.monotonicMs();
    const leftMs = (delayedUntil.get(key) ?? 0) - nowMs;
    if (leftMs > 0) return refuse("throttled", "wrong MAC, too soon after the last ones", { retryAfterMs: leftMs });
    delayedUntil.set(key, nowMs + Math.min(guessDelayMs, FIRST_DELAY_MS * 2 ** (beyond - 1)));
    return undefined;
  }

  async function tell([key, { counts, drain, count: untoldCount }]: [string, Untold]): Promise<void> {
    counts.raise(key, await limiter.addFailures(key, untoldCount, drain), drain);
  }

  return {
    refuseUnheard(guesser) {
      if (failuresPerPeer === 0) return undefined;
      const over = ofNetworks.of(subnetOf(guesser.peer), perNetwork) - failuresPerPeer;
      if (over <= 0 || proven.get(keyOf(guesser))) return undefined;
      return refuse("throttled", "too many wrong MACs came from this network", {
        retryAfterMs: Math.ceil(over * perNetwork.everyMs),
      });
    },
    noteWrong(guesser) {
      if (failuresPerPeer > 0) count(ofNetworks, subnetOf(guesser.peer), perNetwork);
      return guessDelayMs > 0 ? delay(keyOf(guesser)) : undefined;
    },
    noteRight(guesser) {
      const key = keyOf(guesser);
      if (failuresPerPeer > 0) proven.set(key, true);
      if (guessDelayMs === 0) return;
      ofDevices.forget(key);
      delayedUntil.delete(key);
    },
    async flush() {
      const entries = [...untold];
      untold.clear();
      try {
        for (let at = 0; at < entries.length; at += CHUNK) await Promise.all(entries.slice(at, at + CHUNK).map(tell));
      } catch (error) {
        recorder.fault("limiter", error);
      }
    },
  };
}

// No name of a device holds a space.
function keyOf({ peer, device }: Guesser): string {
  return `${subnetOf(peer)} ${device ? deviceKey(device) : ""}`;
}
