import { type Refusal, refuse } from "../refusal.ts";
import { checkDevice } from "./check-device.ts";
import type { FoundRequest } from "./find-or-add.ts";
import type { RegistrationDeps } from "./registration-deps.ts";

/** After which time a device may ask again that lost its answer: less than SDKs wait for one. */
export const ASK_AGAIN_MS = 5_000;

/**
 * Claims what is handed out, over all nodes: of several that register under one name at once, one gets it. A device that lost its answer
 * asks again a moment later, until it is activated; the timeline tells of each time.
 */
export async function claimOnce(
  { credentials: { device, iotId } }: FoundRequest,
  { registry, clock }: RegistrationDeps,
): Promise<Refusal | undefined> {
  const atMs = clock.nowMs();
  if (await registry.noteRegistration(device, iotId, { atMs, notSinceMs: atMs - ASK_AGAIN_MS })) return undefined;
  const now = await registry.findCredentials(device);
  if (now?.iotId !== iotId) return refuse("unknown_device", "the device is gone");
  return checkDevice(now) ?? refuse("busy", "it was handed out a moment ago", { retryAfterMs: ASK_AGAIN_MS });
}
