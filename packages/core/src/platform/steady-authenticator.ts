import { isX509Attempt } from "../auth/attempt.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { isRefusal } from "../auth/refusal.ts";

const MOST_TRIES = 5;

/**
 * Makes an authenticator that judges a certificate again when a revocation reached this node while it judged. Whose certificate it is turns
 * out only then, so an adapter can look out for revocations of the device from the answer on, and not before.
 *
 * @param revocations how many have reached this node so far.
 */
export function steadyAuthenticator(authenticator: Authenticator, revocations: () => number): Authenticator {
  return {
    async authenticate(attempt) {
      for (let tries = 1; ; tries += 1) {
        const before = revocations();
        const outcome = await authenticator.authenticate(attempt);
        if (!isX509Attempt(attempt) || isRefusal(outcome) || before === revocations() || tries === MOST_TRIES)
          return outcome;
      }
    },
  };
}
