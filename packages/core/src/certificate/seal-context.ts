import { type DeviceRef, deviceKey, type ProductKey } from "./names.ts";

/**
 * What a ciphertext is bound to: it opens nowhere else.
 *
 * `bound` names the kind of secret, its row and its version; `legacy` is what secrets were bound to that a master key sealed directly,
 * before there were data keys (docs/decisions/0020). A text is both.
 */
export type SealContext = string | { readonly bound: string; readonly legacy: string };

/**
 * The context of a device's secret. By its version, and not by the slot that it is in: the second one becomes the first when a rotation
 * ends, and must not be taken for it before.
 */
export function deviceSecretContext(device: DeviceRef, secretVersion: number): SealContext {
  const legacy = deviceKey(device);
  return { bound: `device-secret/${legacy}/${secretVersion}`, legacy };
}

/** The context of a product's secret. */
export function productSecretContext(productKey: ProductKey): SealContext {
  return { bound: `product-secret/${productKey}`, legacy: productKey };
}

/** The context of the seed that a product's device secrets are derived from. */
export function productSeedContext(productKey: ProductKey): SealContext {
  return `product-seed/${productKey}`;
}

/** The context of the key of Trine's own CA, by the fingerprint of its certificate. */
export function ownAuthorityContext(fingerprint: string): SealContext {
  return `x509-authority/${fingerprint}`;
}

/** The context of the secret of an access key. */
export function accessKeyContext(accessKeyId: string): SealContext {
  return `access-key-secret/${accessKeyId}`;
}
