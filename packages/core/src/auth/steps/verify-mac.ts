import { computeMac, macMatches, stringToSign } from "../../certificate/mac.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { Vault } from "../../certificate/vault.ts";
import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { AuthAttempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { KnownAttempt } from "./find-device.ts";

/** An attempt whose sender holds the deviceSecret. Only `verifyMac` makes one, so a later step cannot run before it. */
export interface ProvenAttempt {
  readonly attempt: AuthAttempt;
  readonly secret: Secret;
  /** Of the secret that the MAC was made with. */
  readonly secretVersion: number;
  readonly credentials: DeviceCredentials;
}

/**
 * Verifies the MAC in constant time. Unknown device and wrong MAC are refused alike, after the same two tries; only who holds a secret
 * is answered sooner.
 */
export function verifyMac({ attempt, candidates, credentials }: KnownAttempt, vault: Vault): ProvenAttempt | Refusal {
  const text = stringToSign(attempt.signed);
  for (const { sealedSecret, context, secretVersion } of candidates) {
    const secret = vault.open(sealedSecret, context);
    const matches = macMatches(computeMac(attempt.signMethod, secret, text), attempt.mac);
    if (matches && credentials && secretVersion !== undefined) return { attempt, secret, secretVersion, credentials };
  }
  return refuse("bad_credentials", credentials ? "wrong MAC" : "unknown device");
}
