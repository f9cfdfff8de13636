import type { SealedSecret } from "../certificate/vault.ts";
import type { DeviceCredentials } from "../ports/device-registry.ts";

/** One of a device's secrets, sealed. */
export interface SecretSlot {
  readonly sealedSecret: SealedSecret;
  readonly secretVersion: number;
}

/**
 * The secrets of a device that count at this moment: two while a rotation is under way, the first one first. Once the grace is over the
 * first one is void, whether somebody has ended the rotation by then or not.
 */
export function validSecrets(credentials: DeviceCredentials, nowMs: number): readonly SecretSlot[] {
  const { next } = credentials;
  if (!next) return [credentials];
  return next.graceEndsAtMs <= nowMs ? [next] : [credentials, next];
}
