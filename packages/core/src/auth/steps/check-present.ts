import type { AuthAttempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** Drops the login of a device that has left: when thousands come at once, many do not wait for their turn. */
export function checkPresent({ isGone }: Pick<AuthAttempt, "isGone">): Refusal | undefined {
  return isGone?.() ? refuse("unavailable", "the device left") : undefined;
}
