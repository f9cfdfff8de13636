import type { ProductKey } from "../certificate/names.ts";

/** What a key or a session may do, each role all that the one before may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** What somebody may do, and to what. */
export interface Grant {
  readonly role: Role;
  /** Absent: every product. */
  readonly products?: readonly ProductKey[];
}

/** Whether `role` may do what needs `needed`. */
export function roleCovers(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether the grant reaches a product; the text may come from a request and name none. */
export function reachesProduct({ products }: Pick<Grant, "products">, productKey: string): boolean {
  return products === undefined || products.some((one) => one === productKey);
}
