import type { ServiceHost } from "../contracts.ts";
import { createProductMemory, type ProductMemory } from "../kit/memory.ts";
import type { ProductModels, ProductOptions } from "./stores/product-store.ts";
import { compileModel, type Model } from "./tsl/compile-model.ts";

/** What messages of a product's devices are judged by. */
export interface KnownModel extends ProductOptions {
  /** Absent: the product has none, and messages go into the log as they come. */
  readonly model: Model | undefined;
}

/** Remembers compiled models. */
export function createKnownModels(
  host: Pick<ServiceHost, "isTrusted" | "clock">,
  products: Pick<ProductModels, "find">,
): ProductMemory<KnownModel> {
  return createProductMemory(host, async (productKey) => {
    const { model, validate, historyDays } = await products.find(productKey);
    return { model: model && compileModel(model), validate, historyDays };
  });
}
