import { computeMac, macMatches, stringToSign } from "../../certificate/mac.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { AuthAttempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { KnownAttempt } from "./find-device.ts";

/** An attempt whose sender holds the deviceSecret. Only `verifyMac` makes one, so a later step cannot run before it. */
export interface ProvenAttempt {
  readonly attempt: AuthAttempt;
  readonly secret: Secret;
  readonly credentials: DeviceCredentials;
}

/** Verifies the MAC in constant time. Unknown device and wrong MAC are refused alike. */
export function verifyMac({ attempt, secret, credentials }: KnownAttempt): ProvenAttempt | Refusal {
  const expected = computeMac(attempt.signMethod, secret, stringToSign(attempt.signed));
  const matches = macMatches(expected, attempt.mac);
  if (!credentials) return refuse("bad_credentials", "unknown device");
  if (!matches) return refuse("bad_credentials", "wrong MAC");
  return { attempt, secret, credentials };
}
