import { deriveDeviceSecret } from "./derived-secret.ts";
import type { DeviceRef } from "./names.ts";
import { deviceSecretContext, productSeedContext } from "./seal-context.ts";
import type { Secret } from "./secret.ts";
import type { SealedSecret, Vault } from "./vault.ts";
import { VaultError } from "./vault-error.ts";

/** A secret of a device as it is kept: sealed with the device, or to be derived from the seed of its product. */
export interface KeptSecret {
  readonly device: DeviceRef;
  readonly secretVersion: number;
  /** Absent: it is derived. */
  readonly sealedSecret?: SealedSecret;
  /** Of the product. Absent: its secrets are stored. */
  readonly sealedSeed?: SealedSecret;
}

/**
 * Opens a device's secret. The one way, whoever needs it and however it is kept.
 *
 * @throws VaultError when it does not decrypt, or is kept in neither way.
 */
export function openDeviceSecret(
  vault: Pick<Vault, "open">,
  { device, secretVersion, sealedSecret, sealedSeed }: KeptSecret,
): Secret {
  // A device of a product whose secrets are derived has none of its own: one that stands there was put there by somebody else.
  if (sealedSeed !== undefined) {
    const seed = vault.open(sealedSeed, productSeedContext(device.productKey));
    return deriveDeviceSecret(seed, device, secretVersion);
  }
  if (sealedSecret === undefined) throw new VaultError("a device has no secret");
  return vault.open(sealedSecret, deviceSecretContext(device, secretVersion));
}
