import type { DeviceRegistry } from "../ports/device-registry.ts";
import { type Problem, problem } from "../registry/problem.ts";
import type { Grant } from "./role.ts";

/** Most products that one key may be limited to. */
export const MAX_KEY_PRODUCTS = 100;

/** What is wrong with the limits that a new key is to have. */
export async function checkLimits(
  { registry, nowMs }: { registry: Pick<DeviceRegistry, "findProduct">; nowMs: number },
  { products, expiresAtMs }: { products?: Grant["products"]; expiresAtMs?: number | undefined },
): Promise<Problem | undefined> {
  return (await checkProducts(registry, products)) ?? checkExpiry(expiresAtMs, nowMs);
}

/** Whether a key's time is over. */
export function isExpired({ expiresAtMs }: { readonly expiresAtMs?: number }, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

async function checkProducts(
  registry: Pick<DeviceRegistry, "findProduct">,
  products: Grant["products"],
): Promise<Problem | undefined> {
  if (products === undefined) return undefined;
  if (products.length === 0 || products.length > MAX_KEY_PRODUCTS)
    return problem("invalid", `1 to ${MAX_KEY_PRODUCTS} products; without the field, all`, "products");
  const found = await Promise.all(products.map((productKey) => registry.findProduct(productKey)));
  const missing = found.indexOf(undefined);
  return missing < 0
    ? undefined
    : problem("invalid", `there is no product ${products[missing]}`, `products.${missing}`);
}

function checkExpiry(expiresAtMs: number | undefined, nowMs: number): Problem | undefined {
  if (expiresAtMs === undefined || expiresAtMs > nowMs) return undefined;
  return problem("invalid", "lies in the past", "expiresAt");
}
