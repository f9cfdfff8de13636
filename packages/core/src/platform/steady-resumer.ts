import type { SessionResumer } from "../auth/authenticator.ts";

const MOST_TRIES = 5;

/**
 * Makes a resumer that judges again when a revocation reached this node while it judged: what it had read may be older than that.
 *
 * @param revocations how many have reached this node so far.
 */
export function steadyResumer(resumer: SessionResumer, revocations: () => number): SessionResumer {
  return {
    async resume(token, from) {
      for (let attempt = 1; ; attempt += 1) {
        const before = revocations();
        const outcome = await resumer.resume(token, from);
        if (before === revocations() || attempt === MOST_TRIES) return outcome;
      }
    },
    takeSequence: (token, seq, origin) => resumer.takeSequence(token, seq, origin),
  };
}
