import { type Grant, reachesProduct } from "@trine/core/access";
import type { ProductKey } from "@trine/core/certificate";
import { createRecentKeys } from "@trine/core/guard";
import type { GroupInfo, UplinkLog } from "@trine/core/ports";
import { invalidField, notFound, ProblemError } from "../problem-reply.ts";

/** What a key that is limited to products may do with consumer groups: those of its products are there for it, and no others. */
export interface GroupScope {
  visible(groups: readonly GroupInfo[], grant: Grant): readonly GroupInfo[];
  /** The product that a read is bound to: the one that was asked for, or the only one of the key. @throws ProblemError 400 or 403. */
  productToRead(asked: ProductKey | undefined, grant: Grant): ProductKey | undefined;
  /** Notes that a read of the group was bound to the product, so that acknowledging it costs no look-up. */
  noteRead(group: string, productKey: ProductKey | undefined): void;
  /** @throws ProblemError 404 for a group that is not bound to a product of the key. */
  check(group: string, grant: Grant): Promise<void>;
}

/** How long a group's product is believed: it may be deleted, and made anew for another product. */
const BELIEVED_MS = 5_000;
const MAX_REMEMBERED = 1_000;

/** Makes the rules over the log, which is asked for groups that were not read here lately. */
export function createGroupScope(log: Pick<UplinkLog, "listGroups">): GroupScope {
  const bound = createRecentKeys<{ productKey: ProductKey | undefined; untilMs: number }>(MAX_REMEMBERED);

  function noteRead(group: string, productKey: ProductKey | undefined): void {
    bound.set(group, { productKey, untilMs: performance.now() + BELIEVED_MS });
  }

  async function productOf(group: string): Promise<ProductKey | undefined> {
    const known = bound.get(group);
    if (known && known.untilMs > performance.now()) return known.productKey;
    const productKey = (await log.listGroups()).find((info) => info.group === group)?.productKey;
    noteRead(group, productKey);
    return productKey;
  }

  return {
    visible: (groups, grant) => groups.filter(({ productKey }) => reachesGroup(grant, productKey)),
    productToRead(asked, { products }) {
      if (!products) return asked;
      const [only, ...others] = products;
      if (asked === undefined && others.length > 0)
        throw invalidField("productKey", `the key is limited to products: name one of ${products.join(", ")}`);
      if (asked !== undefined && !products.includes(asked)) {
        const title = "The key is limited to other products";
        const detail = `it reaches ${products.join(", ")}`;
        throw new ProblemError({ status: 403, code: "out_of_scope", title, detail, field: "productKey" });
      }
      return asked ?? only;
    },
    noteRead,
    async check(group, grant) {
      if (!grant.products || reachesGroup(grant, await productOf(group))) return;
      throw notFound("group_not_found", "There is no such group");
    },
  };
}

/** A group that is bound to no product sees all of them. */
function reachesGroup(grant: Grant, productKey: ProductKey | undefined): boolean {
  return productKey === undefined ? grant.products === undefined : reachesProduct(grant, productKey);
}
