import type { ProductKey } from "../certificate/names.ts";
import { createRecentKeys } from "../guard/recent-keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { GroupInfo, UplinkLog } from "../ports/uplink-log.ts";
import { type Grant, type Role, reachesProduct } from "./role.ts";

/** What reading a group demands, by whatever way: messages are marked as read, so a viewer may not. */
export const READING_ROLE: Role = "operator";

/** Why a read cannot be bound to a product: the grant reaches several, or others than the one that was asked for. */
export type UnboundRead = "name_a_product" | "out_of_scope";

/** A group as somebody may read it who names no product. */
export interface ReadableGroup {
  /** What its reads are bound to. */
  readonly productKey: ProductKey | undefined;
  readonly ackDeadlineMs: number;
}

/** What a key that is limited to products may do with consumer groups: those of its products are there for it, and no others. */
export interface GroupScope {
  visible(groups: readonly GroupInfo[], grant: Grant): readonly GroupInfo[];
  /** The product that a read is bound to: the one that was asked for, or the only one of the key. */
  productToRead(
    asked: ProductKey | undefined,
    grant: Grant,
  ): { readonly productKey: ProductKey | undefined } | UnboundRead;
  /** Notes that a read of the group was bound to the product, so that acknowledging it costs no look-up. */
  noteRead(group: string, productKey: ProductKey | undefined): void;
  /** Whether the group is there for the grant; one that is bound to no product is there for those that reach all. */
  reaches(group: string, grant: Grant): Promise<boolean>;
  /** The group as it is read by whoever cannot name a product: by the one that it is bound to, or as `productToRead` says. */
  toRead(group: string, grant: Grant): Promise<ReadableGroup | UnboundRead>;
}

/** How long a group's product is believed: it may be deleted, and made anew for another product. */
const BELIEVED_MS = 5_000;
const MAX_REMEMBERED = 1_000;

/** Of a group that is made by its first read. */
const DEFAULT_ACK_DEADLINE_MS = 30_000;

/** Makes the rules over the log, which is asked for groups that were not read here lately. */
export function createGroupScope({
  log,
  clock,
}: {
  log: Pick<UplinkLog, "listGroups">;
  clock: Pick<Clock, "monotonicMs">;
}): GroupScope {
  const bound = createRecentKeys<{ productKey: ProductKey | undefined; untilMs: number }>(MAX_REMEMBERED);

  function noteRead(group: string, productKey: ProductKey | undefined): void {
    bound.set(group, { productKey, untilMs: clock.monotonicMs() + BELIEVED_MS });
  }

  async function find(group: string): Promise<GroupInfo | undefined> {
    return (await log.listGroups()).find((info) => info.group === group);
  }

  async function productOf(group: string): Promise<ProductKey | undefined> {
    const known = bound.get(group);
    if (known && known.untilMs > clock.monotonicMs()) return known.productKey;
    const productKey = (await find(group))?.productKey;
    noteRead(group, productKey);
    return productKey;
  }

  return {
    visible: (groups, grant) => groups.filter(({ productKey }) => reachesGroup(grant, productKey)),
    productToRead,
    noteRead,
    async reaches(group, grant) {
      return !grant.products || reachesGroup(grant, await productOf(group));
    },
    async toRead(group, grant) {
      const info = await find(group);
      const read = productToRead(info?.productKey, grant);
      if (typeof read === "string") return read;
      return { ...read, ackDeadlineMs: info?.ackDeadlineMs ?? DEFAULT_ACK_DEADLINE_MS };
    },
  };
}

const productToRead: GroupScope["productToRead"] = (asked, { products }) => {
  if (!products) return { productKey: asked };
  if (asked !== undefined) return products.includes(asked) ? { productKey: asked } : "out_of_scope";
  const [only, ...others] = products;
  return others.length > 0 ? "name_a_product" : { productKey: only };
};

/** A group that is bound to no product sees all of them. */
function reachesGroup(grant: Grant, productKey: ProductKey | undefined): boolean {
  return productKey === undefined ? grant.products === undefined : reachesProduct(grant, productKey);
}
