import { accessKeyContext, deviceSecretContext, productSeedContext } from "@trine/core/certificate";
import type { AccessKeyStore, DeviceRegistry } from "@trine/core/ports";
import { anAccessKey } from "./describe-access-key-store.ts";
import { aDevice, aProduct } from "./fixtures.ts";

/** Adds a product whose seed is stored as `sealed`. @returns what it is bound to, and what reads it. */
export async function addSealedProduct(registry: DeviceRegistry, sealed: string) {
  const { productKey, ...product } = aProduct({ sealedSeed: sealed });
  await registry.insertProduct({ ...product, productKey });
  return {
    context: productSeedContext(productKey),
    read: async () => (await registry.findProduct(productKey))?.sealedSeed,
  };
}

/** Adds a device in the middle of a rotation whose second secret is stored as `sealed`. @returns what it is bound to, and what reads it. */
export async function addSealedDevice(registry: DeviceRegistry, sealed: string) {
  const product = aProduct();
  await registry.insertProduct(product);
  const { device, ...rest } = aDevice(product.productKey);
  await registry.insertDevices(product.productKey, [{ ...rest, device }]);
  await registry.beginRotation(device, { sealedSecret: sealed, graceEndsAtMs: 4_000_000_000_000, nowMs: 0 });
  return {
    context: deviceSecretContext(device, 2),
    read: async () => (await registry.findCredentials(device))?.next?.sealedSecret,
  };
}

/** Adds an access key whose secret is stored as `sealed`. @returns what it is bound to, and what reads it. */
export async function addSealedAccessKey(accessKeys: AccessKeyStore, sealed: string) {
  const key = anAccessKey({ sealedSecret: sealed });
  await accessKeys.insert(key);
  return {
    context: accessKeyContext(key.accessKeyId),
    read: async () => (await accessKeys.find(key.accessKeyId))?.sealedSecret,
  };
}
