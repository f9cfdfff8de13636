import type { Role } from "@trine/core/access";

/** Who may use a route. Every route says it; one that does not is refused at the start of the program. */
export interface RouteAccess {
  /** The least role. viewer: looks, never at a secret. operator: changes devices and products. admin: secrets in clear, keys, export. */
  readonly role: Role;
  /**
   * What a key that is limited to some products may reach through it. `product`: the product in the path. `batch`: the product of the batch in
   * the path. `listed`: everything, and the route leaves out what the key may not see. `fleet`: only a key without such a limit gets in.
   */
  readonly scope: "product" | "batch" | "listed" | "fleet";
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** `public`: anybody, without a key: nothing behind it is anybody's. */
    access?: RouteAccess | "public";
  }
}
