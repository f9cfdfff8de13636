import { drawDeviceSecret } from "../../certificate/issue.ts";
import { deviceKey } from "../../certificate/names.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { SealedSecret, Vault } from "../../certificate/vault.ts";
import type { Random } from "../../ports/clock.ts";
import type { DeviceCredentials, DeviceLookup } from "../../ports/device-registry.ts";
import type { AuthAttempt } from "../attempt.ts";

/** An attempt with the secret that its MAC must have been made with. */
export interface KnownAttempt {
  readonly attempt: AuthAttempt;
  readonly secret: Secret;
  /** Absent: there is no such device, and the secret is a decoy. */
  readonly credentials: DeviceCredentials | undefined;
}

/** Stands in for the secret of a device that does not exist. */
export interface Decoy {
  readonly sealedSecret: SealedSecret;
  readonly context: string;
}

/** Draws a decoy, once a process. */
export function createDecoy(vault: Vault, random: Random): Decoy {
  const context = "decoy";
  return { sealedSecret: vault.seal(drawDeviceSecret(random), context), context };
}

/**
 * Looks the device up and opens its secret; an unknown device gets a decoy, so that it takes the same path and the same time.
 */
export async function findDevice(
  attempt: AuthAttempt,
  { lookup, vault, decoy }: { lookup: DeviceLookup; vault: Vault; decoy: Decoy },
): Promise<KnownAttempt> {
  const credentials = await lookup.findCredentials(attempt.device);
  const secret = credentials
    ? vault.open(credentials.sealedSecret, deviceKey(attempt.device))
    : vault.open(decoy.sealedSecret, decoy.context);
  return { attempt, secret, credentials };
}
