import { drawDeviceName, drawDeviceSecret, drawProductKey } from "../../certificate/issue.ts";
import type { KeptSecret } from "../../certificate/open-device-secret.ts";
import { deviceSecretContext } from "../../certificate/seal-context.ts";
import type { Vault } from "../../certificate/vault.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { DeviceCredentials, DeviceLookup } from "../../ports/device-registry.ts";
import type { MacAttempt } from "../attempt.ts";
import { validSecrets } from "../valid-secrets.ts";

/** A secret that a MAC may have been made with. */
export interface Candidate {
  readonly kept: KeptSecret;
  readonly isDecoy: boolean;
}

/** An attempt with the secrets that its MAC may have been made with. */
export interface KnownAttempt {
  readonly attempt: MacAttempt;
  /** Two for every attempt. */
  readonly candidates: readonly [Candidate, Candidate];
  /** Absent: there is no such device, and both candidates are decoys. */
  readonly credentials: DeviceCredentials | undefined;
}

/** Draws a decoy, once a process: it stands in for a secret that does not exist. */
export function createDecoy(vault: Vault, random: Random): Candidate {
  const device = { productKey: drawProductKey(random), deviceName: drawDeviceName(random) };
  const sealedSecret = vault.seal(drawDeviceSecret(random), deviceSecretContext(device, 1));
  return { kept: { device, secretVersion: 1, sealedSecret }, isDecoy: true };
}

/**
 * Looks the device up. A device has one secret, or two while a rotation is under way; an unknown device has none. Decoys fill up, so
 * that a wrong MAC takes the same path and the same time for each of them.
 */
export async function findDevice(
  attempt: MacAttempt,
  { lookup, clock, decoy }: { lookup: DeviceLookup; clock: Clock; decoy: Candidate },
): Promise<KnownAttempt> {
  const credentials = await lookup.findCredentials(attempt.device);
  const secrets = credentials ? validSecrets(credentials, clock.nowMs()) : [];
  const [first = decoy, second = decoy] = secrets.map((kept) => ({ kept, isDecoy: false }));
  return { attempt, candidates: [first, second], credentials };
}
