import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { Authenticator, SessionResumer } from "./authenticator.ts";
import { isRefusal, type Refusal, refuse } from "./refusal.ts";

interface Deps {
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** Makes an authenticator that never throws, and tells every decision: a fault is recorded and becomes `unavailable`. */
export function recordedAuthenticator(authenticator: Authenticator, { recorder, clock }: Deps): Authenticator {
  return {
    async authenticate(attempt) {
      const began = clock.monotonicMs();
      const outcome = await authenticator
        .authenticate(attempt)
        .catch((error: unknown) => unavailable("authenticate", error, recorder));
      const { transport, peer, device } = attempt;
      const ms = clock.monotonicMs() - began;
      recorder.loginDecided(
        isRefusal(outcome)
          ? { transport, peer, device, code: outcome.code, why: outcome.why, ms }
          : {
              transport,
              peer,
              device,
              code: "ok",
              sessionId: outcome.sessionId,
              activatedNow: outcome.activatedNow,
              ms,
            },
      );
      return outcome;
    },
  };
}

/** Makes a resumer that never throws: a fault is recorded and becomes `unavailable`. */
export function recordedResumer(resumer: SessionResumer, { recorder }: Pick<Deps, "recorder">): SessionResumer {
  return {
    resume: (token, from) =>
      resumer.resume(token, from).catch((error: unknown) => unavailable("resume", error, recorder)),
    takeSequence: (token, seq) =>
      resumer.takeSequence(token, seq).catch((error: unknown) => unavailable("take_sequence", error, recorder)),
  };
}

/** Fail closed: an outage is neither "yes" nor "bad credentials". */
export function unavailable(where: string, error: unknown, recorder: Recorder): Refusal {
  recorder.fault(where, error);
  return refuse("unavailable", "fault");
}
