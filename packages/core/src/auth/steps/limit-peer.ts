import type { AuthAttempt } from "../attempt.ts";
import type { AuthDeps } from "../auth-deps.ts";
import { type Refusal, refuse } from "../refusal.ts";

type Deps = Pick<AuthDeps, "limiter" | "settings">;

/**
 * Refuses a peer that failed too often.
 *
 * By peer, never by device: who knows a device's name could lock it out otherwise.
 */
export async function limitPeer({ peer }: AuthAttempt, { limiter, settings }: Deps): Promise<Refusal | undefined> {
  const { failuresPerPeer, failureWindowMs } = settings;
  if (failuresPerPeer === 0 || (await limiter.admits(peer, failuresPerPeer, failureWindowMs))) return undefined;
  return refuse("throttled", "the peer failed too often");
}

/** Counts a failure of the peer, for `limitPeer`. */
export async function countFailure({ peer }: AuthAttempt, { limiter, settings }: Deps): Promise<void> {
  if (settings.failuresPerPeer > 0) await limiter.recordFailure(peer, settings.failureWindowMs);
}
