import type { ProductKey } from "@trine/core/certificate";
import type { DeviceCredentials, DeviceLookup, ProductProfile } from "@trine/core/ports";
import { LRUCache } from "lru-cache";

const MAX_PRODUCTS = 1_000;

/**
 * Has the records of a product's devices share one profile, as long as it reads the same: each look-up makes one of its own, which would
 * otherwise be the larger part of what a remembered device and its connection take.
 */
export function createSharedProfiles(lookup: DeviceLookup): DeviceLookup {
  const known = new LRUCache<ProductKey, { readonly text: string; readonly profile: ProductProfile }>({
    max: MAX_PRODUCTS,
  });

  function share(credentials: DeviceCredentials): DeviceCredentials {
    const { product } = credentials;
    const text = JSON.stringify(product);
    const shared = known.get(product.productKey);
    if (shared?.text === text) return { ...credentials, product: shared.profile };
    known.set(product.productKey, { text, profile: product });
    return credentials;
  }

  return {
    async findCredentials(device) {
      const found = await lookup.findCredentials(device);
      return found && share(found);
    },
  };
}
