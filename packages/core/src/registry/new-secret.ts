import { drawDeviceSecret } from "../certificate/issue.ts";
import type { DeviceRef } from "../certificate/names.ts";
import { deviceSecretContext } from "../certificate/seal-context.ts";
import type { SealedSecret } from "../certificate/vault.ts";
import type { ProductProfile } from "../ports/device-registry.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/**
 * Draws and seals what is to be stored of a new secret: nothing where the product has a seed.
 *
 * @param secretVersion that it will have; default 1, the first one of a device.
 */
export function newSecret(
  { vault, random }: Pick<RegistryDeps, "vault" | "random">,
  { sealedSeed }: Pick<ProductProfile, "sealedSeed">,
  device: DeviceRef & { readonly secretVersion?: number },
): { readonly sealedSecret?: SealedSecret } {
  if (sealedSeed !== undefined) return {};
  return { sealedSecret: vault.seal(drawDeviceSecret(random), deviceSecretContext(device, device.secretVersion ?? 1)) };
}
