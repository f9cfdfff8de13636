import { createHash } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { LoginDecision, Recorder } from "../ports/recorder.ts";
import { type AuthAttempt, isX509Attempt, type X509Attempt } from "./attempt.ts";
import type { Authenticator, SessionResumer } from "./authenticator.ts";
import { isRefusal, type Refusal, refuse } from "./refusal.ts";
import type { Session } from "./session.ts";

interface Deps {
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** Makes an authenticator that never throws, and tells every decision: a fault is recorded and becomes `unavailable`. */
export function recordedAuthenticator(authenticator: Authenticator, { recorder, clock }: Deps): Authenticator {
  return {
    async authenticate(attempt) {
      const began = clock.monotonicMs();
      const outcome = await failClosed("authenticate", recorder, () => authenticator.authenticate(attempt));
      recorder.loginDecided(decisionOf(attempt, outcome, clock.monotonicMs() - began));
      return outcome;
    },
  };
}

/** Makes a resumer that never throws: a fault is recorded and becomes `unavailable`. */
export function recordedResumer(resumer: SessionResumer, { recorder }: Pick<Deps, "recorder">): SessionResumer {
  return {
    resume: (token, from) => failClosed("resume", recorder, () => resumer.resume(token, from)),
    takeSequence: (token, seq, origin) =>
      failClosed("take_sequence", recorder, () => resumer.takeSequence(token, seq, origin)),
  };
}

/** Decides, but an outage is neither "yes" nor "bad credentials": it is recorded under `where`, and `unavailable`. */
export async function failClosed<T>(where: string, recorder: Recorder, decide: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await decide();
  } catch (error) {
    recorder.fault(where, error);
    return refuse("unavailable", "fault");
  }
}

/** Named field by field, so that a token or key that a session holds cannot slip into a log. */
function decisionOf(attempt: AuthAttempt, outcome: Session | Refusal, ms: number): LoginDecision {
  const { transport, peer } = attempt;
  const device = isRefusal(outcome) ? attempt.device : outcome.device;
  const about = {
    transport,
    peer,
    ...(device ? { device } : {}),
    ...(isX509Attempt(attempt) ? { fingerprint: fingerprintOf(attempt) } : {}),
  };
  if (isRefusal(outcome)) return { ...about, code: outcome.code, why: outcome.why, ms };
  const { sessionId, activatedNow } = outcome;
  return { ...about, code: "ok", sessionId, activatedNow, ms };
}

function fingerprintOf({ x509: [certificate] }: X509Attempt): string {
  return createHash("sha256").update(certificate).digest("hex");
}
