import type { ProductProfile } from "../../ports/device-registry.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenAttempt } from "./verify-mac.ts";

/** Refuses a way to log in that the product's policy does not allow. After the MAC: only the owner learns the policy. */
export function checkProduct({ attempt, credentials: { product } }: ProvenAttempt): Refusal | undefined {
  const { signMethods } = product.policy;
  if (signMethods && !signMethods.includes(attempt.signMethod))
    return refuse("not_allowed", `sign method ${attempt.signMethod}`);
  return checkTransport(product, attempt.transport);
}

/** Refuses a transport that the product's policy does not allow, at a login as well as with a token that was issued before. */
export function checkTransport({ policy: { transports } }: ProductProfile, transport: string): Refusal | undefined {
  return !transports || transports.includes(transport) ? undefined : refuse("not_allowed", `transport ${transport}`);
}
