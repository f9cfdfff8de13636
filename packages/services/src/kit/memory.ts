import type { ProductKey } from "@trine/core/certificate";
import type { RevocationTarget } from "@trine/core/ports";
import { LRUCache } from "lru-cache";
import type { ServiceHost } from "../contracts.ts";

const MOST_PRODUCTS = 1_000;
const MOST_AGE_MS = 60_000;

/** Something of each product, remembered. */
export interface ProductMemory<Value> {
  /** @throws when it has to be read and cannot be. */
  of(productKey: ProductKey): Promise<Value>;
  evict(target: RevocationTarget): void;
  clear(): void;
}

/**
 * Remembers what `load` says of a product, until the product changes on whichever node: whoever changes it calls `host.revocation.revoke` with
 * the product and `close: false` afterwards. Simultaneous readers share one look.
 */
export function createProductMemory<Value extends object>(
  { isTrusted, clock }: Pick<ServiceHost, "isTrusted" | "clock">,
  load: (productKey: ProductKey) => Promise<Value>,
): ProductMemory<Value> {
  const known = new LRUCache<ProductKey, Value>({
    max: MOST_PRODUCTS,
    ttl: MOST_AGE_MS,
    ttlResolution: 0,
    perf: { now: () => clock.monotonicMs() },
  });
  const running = new Map<ProductKey, Promise<Value>>();

  function read(productKey: ProductKey): Promise<Value> {
    const reading: Promise<Value> = load(productKey)
      .then((value) => {
        // Evicted meanwhile: what was read may be from before the change.
        if (running.get(productKey) === reading) known.set(productKey, value);
        return value;
      })
      .finally(() => {
        if (running.get(productKey) === reading) running.delete(productKey);
      });
    running.set(productKey, reading);
    return reading;
  }

  return {
    async of(productKey) {
      const remembered = isTrusted() ? known.get(productKey) : undefined;
      return remembered ?? running.get(productKey) ?? read(productKey);
    },
    evict(target) {
      // What is remembered of a product does not change with one of its devices.
      if (!("productKey" in target)) return;
      known.delete(target.productKey);
      running.delete(target.productKey);
    },
    clear() {
      known.clear();
      running.clear();
    },
  };
}
