import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenAttempt } from "./verify-mac.ts";

/** Refuses a way to log in that the product's policy does not allow. After the MAC: only the owner learns the policy. */
export function checkProduct({ attempt, credentials }: ProvenAttempt): Refusal | undefined {
  const { signMethods, transports } = credentials.product.policy;
  if (signMethods && !signMethods.includes(attempt.signMethod))
    return refuse("not_allowed", `sign method ${attempt.signMethod}`);
  if (transports && !transports.includes(attempt.transport))
    return refuse("not_allowed", `transport ${attempt.transport}`);
  return undefined;
}
