import type { AuthDeps } from "../auth-deps.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenMac } from "./verify-mac.ts";

/**
 * Ends a rotation when the device uses its second secret: what the first one allowed, and what was derived from it, is void on every
 * node when this resolves.
 */
export async function endRotation(
  { attempt, secretVersion, credentials }: ProvenMac,
  { rotations }: Pick<AuthDeps, "rotations">,
): Promise<Refusal | undefined> {
  const { next, iotId } = credentials;
  if (next?.secretVersion !== secretVersion) return undefined;
  const { graceEndsAtMs } = next;
  const isOnlyOne = await rotations.end({ device: attempt.device, iotId, secretVersion, graceEndsAtMs });
  return isOnlyOne ? undefined : refuse("bad_credentials", "the second secret was replaced meanwhile");
}
