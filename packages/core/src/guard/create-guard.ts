import type { AttemptLimiter } from "../ports/attempt-limiter.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";
import { type Admission, type AdmissionSettings, createAdmission } from "./admission.ts";
import { createGuesses, type Guesses, type GuessSettings } from "./guesses.ts";
import { createRates, NO_RATES, type RateSettings, type Rates } from "./rates.ts";

/** Every limit of what devices and strangers do. */
export interface GuardSettings extends GuessSettings, AdmissionSettings, RateSettings {}

/** Nothing is limited. */
export const NO_LIMITS: GuardSettings = {
  ...NO_RATES,
  failuresPerPeer: 0,
  guessDelayMs: 0,
  loginsPerSecond: 0,
  loginBurst: 1,
  loginsUnderWay: 0,
};

/** What keeps one process from being overrun. */
export interface Guard {
  readonly guesses: Guesses;
  readonly admission: Admission;
  readonly rates: Rates;
}

/** Puts the limits together. */
export function createGuard(deps: {
  limiter: AttemptLimiter;
  clock: Clock;
  random: Random;
  recorder: Pick<Recorder, "fault">;
  settings: GuardSettings;
  hasRoom: () => boolean;
}): Guard {
  return { guesses: createGuesses(deps), admission: createAdmission(deps), rates: createRates(deps) };
}
