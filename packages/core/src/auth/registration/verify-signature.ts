import { computeMac, macMatches, stringToSign } from "../../certificate/mac.ts";
import { productSecretContext } from "../../certificate/seal-context.ts";
import type { Vault } from "../../certificate/vault.ts";
import type { ProductRecord } from "../../ports/device-registry.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { KnownRequest } from "./find-product.ts";
import type { RegistrationFacts, RegistrationRequest } from "./registrar.ts";

/** A request whose sender holds the ProductSecret, or is vouched for. A later step cannot run before that is known. */
export interface SignedRequest {
  readonly request: RegistrationFacts & { readonly signMethod?: RegistrationRequest["signMethod"] };
  readonly product: ProductRecord;
}

/**
 * Verifies the signature over names and random, in constant time (wire-format 3.1). That a ProductKey is none may be told: it stands in
 * host names and topics, and is no secret.
 */
export function verifySignature({ request, product, kept }: KnownRequest, vault: Vault): SignedRequest | Refusal {
  const { device, random, signMethod, mac } = request;
  const secret = vault.open(kept.sealedSecret, productSecretContext(kept.productKey));
  const { productKey, deviceName } = device;
  const matches = macMatches(computeMac(signMethod, secret, stringToSign({ deviceName, productKey, random })), mac);
  if (!product) return refuse("unknown_product", "unknown product");
  return matches ? { request, product } : refuse("bad_credentials", "not signed with the secret of the product");
}
