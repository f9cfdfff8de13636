import { isX509Attempt, type MacAttempt, type X509Attempt } from "./attempt.ts";
import type { AuthDeps } from "./auth-deps.ts";
import type { Authenticator } from "./authenticator.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import { activate } from "./steps/activate.ts";
import { checkChannel } from "./steps/check-channel.ts";
import { checkFreshness } from "./steps/check-freshness.ts";
import { checkPresent } from "./steps/check-present.ts";
import { checkProduct } from "./steps/check-product.ts";
import { checkStatus } from "./steps/check-status.ts";
import { endRotation } from "./steps/end-rotation.ts";
import { type CertifiedAttempt, findCertified } from "./steps/find-certified.ts";
import { createDecoy, findDevice, type KnownAttempt } from "./steps/find-device.ts";
import { issueSession } from "./steps/issue-session.ts";
import { limitLogin } from "./steps/limit-login.ts";
import { countFailure, limitPeer } from "./steps/limit-peer.ts";
import { noteFirstUse } from "./steps/note-first-use.ts";
import { noteOutcome } from "./steps/note-outcome.ts";
import { verifyMac } from "./steps/verify-mac.ts";
import { verifyX509 } from "./steps/verify-x509.ts";

/**
 * The authentication of a device, in order. What is cheap and cannot be spoofed comes first; what tells something about a device
 * comes after the proof, so that only its owner learns it; what is written comes last.
 */
export function createAuthenticator(deps: AuthDeps): Authenticator {
  const decoy = createDecoy(deps.vault, deps.random);

  async function authenticateByMac(attempt: MacAttempt): Promise<Session | Refusal> {
    const known = await findDevice(attempt, { ...deps, decoy });
    const outcome = await judgeMac(known, deps);
    noteOutcome(known, outcome, deps);
    return outcome;
  }

  async function authenticateByX509(attempt: X509Attempt): Promise<Session | Refusal> {
    const known = await findCertified(attempt, deps);
    const outcome = await judgeX509(known, deps);
    noteOutcome(known, outcome, deps);
    return outcome;
  }

  return {
    async authenticate(attempt) {
      const unheard = checkPresent(attempt) ?? limitPeer(attempt, deps);
      if (unheard) return unheard;
      const leave = deps.admission.enter();
      if (isRefusal(leave)) return leave;
      try {
        return await (isX509Attempt(attempt) ? authenticateByX509(attempt) : authenticateByMac(attempt));
      } finally {
        if (attempt.answered) void attempt.answered.finally(leave);
        else leave();
      }
    },
  };
}

async function judgeMac(known: KnownAttempt, deps: AuthDeps): Promise<Session | Refusal> {
  const left = checkPresent(known.attempt);
  if (left) return left;
  const proven = verifyMac(known, deps.vault);
  if (isRefusal(proven)) return countFailure(known.attempt, deps) ?? proven;
  const refusal =
    limitLogin(proven, deps) ??
    (await checkChannel(proven, deps)) ??
    checkStatus(proven) ??
    checkProduct(proven) ??
    checkFreshness(proven, deps.clock);
  if (refusal) return refusal;
  const activatedNow = await activate(proven, deps);
  const outdated = await endRotation(proven, deps);
  if (outdated) return outdated;
  return issueSession(proven, activatedNow, deps);
}

/** The channel has proved that the device holds the key; this is about whose certificate it is, and whether it counts. */
async function judgeX509(known: CertifiedAttempt, deps: AuthDeps): Promise<Session | Refusal> {
  const proven = verifyX509(known, deps);
  if (isRefusal(proven)) return countFailure(known.attempt, deps) ?? proven;
  const refusal =
    limitLogin(proven, deps) ?? checkStatus(proven) ?? checkProduct(proven) ?? (await noteFirstUse(proven, deps));
  if (refusal) return refusal;
  return issueSession(proven, await activate(proven, deps), deps);
}
