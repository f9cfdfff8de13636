import type { AuthDeps } from "../auth-deps.ts";
import type { ProvenAttempt } from "./proven-attempt.ts";

/**
 * Activates the device on its first success, once. A remembered record may be older than another node's activation; the registry
 * decides, and an activated device costs no write.
 *
 * @returns whether this login was the first.
 */
export async function activate(
  { credentials }: ProvenAttempt,
  { registry, clock }: Pick<AuthDeps, "registry" | "clock">,
): Promise<boolean> {
  if (credentials.activated) return false;
  return registry.activate(credentials.device, credentials.iotId, clock.nowMs());
}
