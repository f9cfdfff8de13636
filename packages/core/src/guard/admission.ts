import { type Refusal, refuse } from "../auth/refusal.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { createLeakyCounts } from "./leaky-counts.ts";
import { createTokenBuckets, type Rate } from "./token-buckets.ts";

/** How many logins one process takes on. */
export interface AdmissionSettings {
  /** Logins a second; 0 is no limit. */
  readonly loginsPerSecond: number;
  /** Logins that may come at once after a rest. */
  readonly loginBurst: number;
  /** Logins that may be under way at once; 0 is no limit. */
  readonly loginsUnderWay: number;
}

/** Lets as many logins in as the process can carry, when all devices come back at once. */
export interface Admission {
  /** @returns what is to be called when the login is decided, or the refusal `busy` with the time after which to come again. */
  enter(): (() => void) | Refusal;
}

const ONE = "logins";
/** When no rate is set, refused logins are expected to be through at this one. */
const ASSUMED_PER_SECOND = 500;
const SOONEST_MS = 1_000;
const LATEST_MS = 60_000;

/**
 * Makes the admission of one process.
 *
 * Who is refused is asked to come when it would have been its turn, had it stood in a queue with all others that were refused: so long a queue
 * drains at the rate. Half of that time to one and a half, drawn anew each time, so that they do not come together again.
 */
export function createAdmission(deps: {
  clock: Clock;
  random: Random;
  settings: AdmissionSettings;
  /** Whether the process is not running out of memory. */
  hasRoom: () => boolean;
}): Admission {
  const { random, settings, hasRoom } = deps;
  const { loginsPerSecond, loginBurst, loginsUnderWay } = settings;
  const everyMs = 1_000 / (loginsPerSecond || ASSUMED_PER_SECOND);
  const rate: Rate = { everyMs, burst: Math.max(1, loginBurst) };
  const queue = { everyMs, most: LATEST_MS / everyMs };
  const buckets = createTokenBuckets({ ...deps, maxKeys: 1 });
  const refused = createLeakyCounts({ ...deps, maxKeys: 1 });
  let underWay = 0;

  function busy(why: string): Refusal {
    const turnMs = Math.max(SOONEST_MS, refused.add(ONE, 1, queue) * everyMs);
    return refuse("busy", why, { retryAfterMs: Math.round(turnMs * (0.5 + fraction(random))) });
  }

  return {
    enter() {
      if (!hasRoom()) return busy("the process is full");
      if (loginsUnderWay > 0 && underWay >= loginsUnderWay) return busy(`${underWay} logins are under way`);
      if (loginsPerSecond > 0) {
        if (buckets.waitMs(ONE, rate) > 0) return busy("over the logins of a second");
        buckets.take(ONE, rate);
      }
      underWay += 1;
      return () => {
        underWay -= 1;
      };
    },
  };
}

/** From 0 to below 1. */
function fraction(random: Random): number {
  return random.bytes(2).readUInt16BE() / 0x10000;
}
