import type { KeptSecret } from "../certificate/open-device-secret.ts";
import type { DeviceCredentials } from "../ports/device-registry.ts";

/** One of a device's secrets, as it is kept. */
export type SecretSlot = KeptSecret;

/**
 * The secrets of a device that count at this moment: two while a rotation is under way, the first one first. Once the grace is over the
 * first one is void, whether somebody has ended the rotation by then or not.
 */
export function validSecrets(credentials: DeviceCredentials, nowMs: number): readonly SecretSlot[] {
  const { next } = credentials;
  const secrets = next ? (next.graceEndsAtMs <= nowMs ? [next] : [credentials, next]) : [credentials];
  return secrets.map((secret) => keptSecret(credentials, secret));
}

/** The newest secret of a device: while a rotation is under way, the second one. */
export function newestSecret(credentials: DeviceCredentials): SecretSlot {
  return keptSecret(credentials, credentials.next ?? credentials);
}

function keptSecret(
  { device, product: { sealedSeed } }: DeviceCredentials,
  { secretVersion, sealedSecret }: Pick<KeptSecret, "secretVersion" | "sealedSecret">,
): SecretSlot {
  return {
    device,
    secretVersion,
    ...(sealedSecret === undefined ? {} : { sealedSecret }),
    ...(sealedSeed === undefined ? {} : { sealedSeed }),
  };
}
