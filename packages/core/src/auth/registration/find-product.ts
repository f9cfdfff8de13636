import { drawProductKey, drawProductSecret } from "../../certificate/issue.ts";
import { productSecretContext } from "../../certificate/seal-context.ts";
import type { Vault } from "../../certificate/vault.ts";
import type { Random } from "../../ports/clock.ts";
import type { DeviceRegistry, ProductRecord } from "../../ports/device-registry.ts";
import type { RegistrationRequest } from "./registrar.ts";

/** A ProductSecret as it is kept. */
export type KeptProductSecret = Pick<ProductRecord, "productKey" | "sealedSecret">;

/** A request with the secret that it may have been signed with. */
export interface KnownRequest {
  readonly request: RegistrationRequest;
  /** Absent: there is no such product, and the secret is a decoy. */
  readonly product: ProductRecord | undefined;
  readonly kept: KeptProductSecret;
}

/** Draws a decoy, once a process: it stands in for the secret of a product that does not exist. */
export function createProductDecoy(vault: Vault, random: Random): KeptProductSecret {
  const productKey = drawProductKey(random);
  return { productKey, sealedSecret: vault.seal(drawProductSecret(random), productSecretContext(productKey)) };
}

/** Looks the product up. An unknown one takes the same path, with a decoy. */
export async function findProduct(
  request: RegistrationRequest,
  { registry, decoy }: { registry: Pick<DeviceRegistry, "findProduct">; decoy: KeptProductSecret },
): Promise<KnownRequest> {
  const product = await registry.findProduct(request.device.productKey);
  return { request, product, kept: product ?? decoy };
}
