import type { DeviceCredentials, ProductProfile } from "../ports/device-registry.ts";
import type { X509Login } from "../ports/session-store.ts";
import { isRefusal, type Refusal, refuse } from "./refusal.ts";
import { checkTransport } from "./steps/check-product.ts";
import { type SecretSlot, validSecrets } from "./valid-secrets.ts";

/** What is kept of a login for judging it again. */
export interface KeptLogin {
  readonly iotId: string;
  readonly secretVersion: number;
  readonly x509?: X509Login;
  readonly transport: string;
  /** Of the product, when the device logged in. */
  readonly policyVersion?: number;
}

/**
 * Judges whether an earlier login would still do: the device exists unchanged and enabled, its secret or certificate still counts, and its
 * product allows this way in.
 *
 * @returns the secret that the device had proved itself with, if it was one, or why it has to log in again.
 */
export function judgeSession(
  login: KeptLogin,
  credentials: DeviceCredentials | undefined,
  nowMs: number,
): { readonly secret?: SecretSlot; readonly credentials: DeviceCredentials } | Refusal {
  if (!credentials || credentials.iotId !== login.iotId) return refuse("token_invalid", "the device is gone");
  const proof = login.x509 ? judgeX509(login.x509, credentials, nowMs) : findSecret(login, credentials, nowMs);
  if (isRefusal(proof)) return proof;
  if (credentials.disabled) return refuse("disabled", "the device is disabled");
  const { product } = credentials;
  const refusal = checkTransport(product, login.transport) ?? checkPolicy(product, login);
  return refusal ?? { ...proof, credentials };
}

function findSecret(login: KeptLogin, credentials: DeviceCredentials, nowMs: number): { secret: SecretSlot } | Refusal {
  const secret = validSecrets(credentials, nowMs).find(({ secretVersion }) => secretVersion === login.secretVersion);
  return secret ? { secret } : refuse("token_invalid", "the secret was changed");
}

function judgeX509(
  { x509Version, notAfterMs }: X509Login,
  credentials: DeviceCredentials,
  nowMs: number,
): Record<string, never> | Refusal {
  if (x509Version !== (credentials.x509Version ?? 0)) return refuse("token_invalid", "certificates were revoked");
  return nowMs > notAfterMs ? refuse("token_expired", "the certificate expired") : {};
}

/** A new policy may not let in how this device logged in, so it logs in again. */
function checkPolicy({ policyVersion = 0 }: ProductProfile, login: KeptLogin): Refusal | undefined {
  return policyVersion === (login.policyVersion ?? 0) ? undefined : refuse("token_invalid", "the policy was changed");
}
