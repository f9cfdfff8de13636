import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { AuthAttempt } from "../attempt.ts";
import type { AuthDeps } from "../auth-deps.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import type { Session } from "../session.ts";

/** Notes what operators want to see of a login: that it was refused, that it was the first, that the device lives. */
export function noteOutcome(
  { attempt, credentials }: { attempt: AuthAttempt; credentials: DeviceCredentials | undefined },
  outcome: Session | Refusal,
  { notes, presence, clock }: Pick<AuthDeps, "notes" | "presence" | "clock">,
): void {
  // A name that no device has is not worth a line, or whoever makes names up could fill the store.
  if (!credentials) return;
  const { transport, peer } = attempt;
  const { device, iotId } = credentials;
  const about = { device, iotId, atMs: clock.nowMs() };
  if (isRefusal(outcome)) {
    const { code, why } = outcome;
    notes.note({ ...about, kind: "refused", detail: { code, why, transport, peer } });
    return;
  }
  if (outcome.activatedNow) notes.note({ ...about, kind: "activated", detail: { transport, peer } });
  // A connection tells its coming and going by itself.
  if (attempt.keep === "token") presence.noteSeen({ ...about, transport, peer });
}
