import type { AuthDeps } from "./auth-deps.ts";
import type { Authenticator } from "./authenticator.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";
import { activate } from "./steps/activate.ts";
import { checkChannel } from "./steps/check-channel.ts";
import { checkFreshness } from "./steps/check-freshness.ts";
import { checkProduct } from "./steps/check-product.ts";
import { checkStatus } from "./steps/check-status.ts";
import { endRotation } from "./steps/end-rotation.ts";
import { createDecoy, findDevice, type KnownAttempt } from "./steps/find-device.ts";
import { issueSession } from "./steps/issue-session.ts";
import { countFailure, limitPeer } from "./steps/limit-peer.ts";
import { noteOutcome } from "./steps/note-outcome.ts";
import { verifyMac } from "./steps/verify-mac.ts";

/**
 * The authentication of a device, in order. What is cheap and cannot be spoofed comes first; what tells something about a device
 * comes after the MAC, so that only its owner learns it; what is written comes last.
 */
export function createAuthenticator(deps: AuthDeps): Authenticator {
  const decoy = createDecoy(deps.vault, deps.random);
  return {
    async authenticate(attempt) {
      const limited = await limitPeer(attempt, deps);
      if (limited) return limited;
      const known = await findDevice(attempt, { ...deps, decoy });
      const outcome = await judge(known, deps);
      noteOutcome(known, outcome, deps);
      return outcome;
    },
  };
}

async function judge(known: KnownAttempt, deps: AuthDeps): Promise<Session | Refusal> {
  const proven = verifyMac(known, deps.vault);
  if (isRefusal(proven)) {
    await countFailure(known.attempt, deps);
    return proven;
  }
  const refusal =
    checkChannel(proven) ?? checkStatus(proven) ?? checkProduct(proven) ?? checkFreshness(proven, deps.clock);
  if (refusal) return refusal;
  const activatedNow = await activate(proven, deps);
  const outdated = await endRotation(proven, deps);
  if (outdated) return outdated;
  return issueSession(proven, activatedNow, deps);
}
