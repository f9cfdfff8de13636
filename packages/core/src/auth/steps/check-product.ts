import type { ProductProfile } from "../../ports/device-registry.ts";
import { isX509Attempt, type MacAttempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenAttempt } from "./proven-attempt.ts";

/** Refuses a way to log in that the product's policy does not allow. After the proof: only the owner learns the policy. */
export function checkProduct({ attempt, credentials: { product } }: ProvenAttempt): Refusal | undefined {
  return (
    (isX509Attempt(attempt) ? checkX509(product) : checkMac(attempt, product)) ??
    checkTransport(product, attempt.transport)
  );
}

function checkX509({ policy: { authType } }: ProductProfile): Refusal | undefined {
  return authType === "secret" ? refuse("not_allowed", "a certificate") : undefined;
}

function checkMac(
  { signMethod, isToken }: MacAttempt,
  { policy: { authType, signMethods } }: ProductProfile,
): Refusal | undefined {
  if (authType === "x509") return refuse("not_allowed", "a secret");
  // Which method a device token is made with is the gateway's affair.
  return isToken || !signMethods || signMethods.includes(signMethod)
    ? undefined
    : refuse("not_allowed", `sign method ${signMethod}`);
}

/** Refuses a transport that the product's policy does not allow, at a login as well as with a token that was issued before. */
export function checkTransport({ policy: { transports } }: ProductProfile, transport: string): Refusal | undefined {
  return !transports || transports.includes(transport) ? undefined : refuse("not_allowed", `transport ${transport}`);
}
