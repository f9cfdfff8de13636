import type { DeviceCredentials, ProductProfile } from "../ports/device-registry.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { checkTransport } from "./steps/check-product.ts";
import { type SecretSlot, validSecrets } from "./valid-secrets.ts";

/** What is kept of a login for judging it again. */
export interface KeptLogin {
  readonly iotId: string;
  readonly secretVersion: number;
  readonly transport: string;
  /** Of the product, when the device logged in. */
  readonly policyVersion?: number;
}

/**
 * Judges whether an earlier login would still do: the device exists unchanged and enabled, its secret still counts, and its product allows
 * this way in.
 *
 * @returns the secret that the device had proved itself with, or why it has to log in again.
 */
export function judgeSession(
  login: KeptLogin,
  credentials: DeviceCredentials | undefined,
  nowMs: number,
): { readonly secret: SecretSlot; readonly credentials: DeviceCredentials } | Refusal {
  if (!credentials || credentials.iotId !== login.iotId) return refuse("token_invalid", "the device is gone");
  const secret = validSecrets(credentials, nowMs).find(({ secretVersion }) => secretVersion === login.secretVersion);
  if (!secret) return refuse("token_invalid", "the secret was changed");
  if (credentials.disabled) return refuse("disabled", "the device is disabled");
  const { product } = credentials;
  const refusal = checkTransport(product, login.transport) ?? checkPolicy(product, login);
  return refusal ?? { secret, credentials };
}

/** A new policy may not let in how this device logged in, so it logs in again. */
function checkPolicy({ policyVersion = 0 }: ProductProfile, login: KeptLogin): Refusal | undefined {
  return policyVersion === (login.policyVersion ?? 0) ? undefined : refuse("token_invalid", "the policy was changed");
}
