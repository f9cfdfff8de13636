import { deriveDeviceSecret } from "../../certificate/derived-secret.ts";
import { computeMac, macMatches, stringToSign } from "../../certificate/mac.ts";
import { openDeviceSecret } from "../../certificate/open-device-secret.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { Vault } from "../../certificate/vault.ts";
import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { MacAttempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { KnownAttempt } from "./find-device.ts";

/** An attempt whose sender holds the deviceSecret. Only `verifyMac` makes one, so a later step cannot run before it. */
export interface ProvenMac {
  readonly attempt: MacAttempt;
  readonly secret: Secret;
  /** Of the secret that the MAC was made with. */
  readonly secretVersion: number;
  readonly credentials: DeviceCredentials;
}

/**
 * Verifies the MAC in constant time. Unknown device and wrong MAC are refused alike, after the same two tries; only who holds a secret
 * is answered sooner.
 */
export function verifyMac({ attempt, candidates, credentials }: KnownAttempt, vault: Vault): ProvenMac | Refusal {
  const text = stringToSign(attempt.signed);
  for (const { kept, isDecoy } of candidates) {
    const secret = openDeviceSecret(vault, kept);
    const matches = macMatches(computeMac(attempt.signMethod, secret, text), attempt.mac);
    if (matches && credentials && !isDecoy) return { attempt, secret, secretVersion: kept.secretVersion, credentials };
    // For nothing, but a stored secret, as a decoy is one, must not be told from one that took a derivation to open.
    if (kept.sealedSeed === undefined) deriveDeviceSecret(secret, kept.device, kept.secretVersion);
  }
  return refuse("bad_credentials", credentials ? "wrong MAC" : "unknown device");
}
