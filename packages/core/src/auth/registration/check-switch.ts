import { type Refusal, refuse } from "../refusal.ts";
import { checkTransport } from "../steps/check-product.ts";
import type { SignedRequest } from "./verify-signature.ts";

/** Refuses what the product's policy does not let its devices do: to register, to do without being listed, or in this way. */
export function checkSwitch({ request, product }: SignedRequest): Refusal | undefined {
  const { registration = "off", authType, signMethods } = product.policy;
  if (registration === "off") return refuse("registration_off", "the product has it switched off");
  if (request.wants === "token" && registration !== "open")
    return refuse("registration_off", "the product registers listed devices only");
  // What would be handed out lets nobody in.
  if (authType === "x509") return refuse("not_allowed", "the product takes certificates only");
  if (request.signMethod && signMethods && !signMethods.includes(request.signMethod))
    return refuse("sign_method", `the product does not take ${request.signMethod}`);
  return checkTransport(product, request.transport);
}
