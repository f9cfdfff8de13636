import type { Guesser } from "../../guard/guesses.ts";
import type { AuthDeps } from "../auth-deps.ts";
import type { Refusal } from "../refusal.ts";

/**
 * Refuses a network from which too many wrong MACs came, unheard.
 *
 * By network, never by device: who knows a device's name could lock it out otherwise.
 */
export function limitPeer(attempt: Guesser, { guesses }: Pick<AuthDeps, "guesses">): Refusal | undefined {
  return guesses.refuseUnheard(attempt);
}

/** Counts a failure, for `limitPeer`. @returns what the device reads if it failed so often that the truth has to wait. */
export function countFailure(attempt: Guesser, { guesses }: Pick<AuthDeps, "guesses">): Refusal | undefined {
  return guesses.noteWrong(attempt);
}
