import { drawDeviceSecret } from "../../certificate/issue.ts";
import { deviceKey } from "../../certificate/names.ts";
import type { SealedSecret, Vault } from "../../certificate/vault.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { DeviceCredentials, DeviceLookup } from "../../ports/device-registry.ts";
import type { AuthAttempt } from "../attempt.ts";
import { validSecrets } from "../valid-secrets.ts";

/** A secret that a MAC may have been made with. */
export interface Candidate {
  readonly sealedSecret: SealedSecret;
  readonly context: string;
  /** Absent: a decoy. */
  readonly secretVersion?: number;
}

/** An attempt with the secrets that its MAC may have been made with. */
export interface KnownAttempt {
  readonly attempt: AuthAttempt;
  /** Two for every attempt. */
  readonly candidates: readonly [Candidate, Candidate];
  /** Absent: there is no such device, and both candidates are decoys. */
  readonly credentials: DeviceCredentials | undefined;
}

/** Draws a decoy, once a process: it stands in for a secret that does not exist. */
export function createDecoy(vault: Vault, random: Random): Candidate {
  const context = "decoy";
  return { sealedSecret: vault.seal(drawDeviceSecret(random), context), context };
}

/**
 * Looks the device up. A device has one secret, or two while a rotation is under way; an unknown device has none. Decoys fill up, so
 * that a wrong MAC takes the same path and the same time for each of them.
 */
export async function findDevice(
  attempt: AuthAttempt,
  { lookup, clock, decoy }: { lookup: DeviceLookup; clock: Clock; decoy: Candidate },
): Promise<KnownAttempt> {
  const credentials = await lookup.findCredentials(attempt.device);
  const context = deviceKey(attempt.device);
  const secrets = credentials ? validSecrets(credentials, clock.nowMs()) : [];
  const [first = decoy, second = decoy] = secrets.map(({ sealedSecret, secretVersion }) => ({
    sealedSecret,
    context,
    secretVersion,
  }));
  return { attempt, candidates: [first, second], credentials };
}
