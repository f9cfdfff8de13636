import type { DeviceRef } from "../../certificate/names.ts";
import type { AuthAttempt } from "../attempt.ts";
import type { AuthDeps } from "../auth-deps.ts";
import type { Refusal } from "../refusal.ts";

/** Refuses a device that logs in too often, or whose product does. After the proof: who knows its name could use its rate up otherwise. */
export function limitLogin(
  { attempt, credentials: { device } }: { attempt: AuthAttempt; credentials: { device: DeviceRef } },
  { guesses, rates }: Pick<AuthDeps, "guesses" | "rates">,
): Refusal | undefined {
  guesses.noteRight({ peer: attempt.peer, device });
  return rates.takeLogin(device);
}
