import type { ProductKey } from "@trine/core/certificate";
import { byteOrderedText, products, timeMs } from "@trine/postgres";
import { pgTable } from "drizzle-orm/pg-core";

/** When something was last broadcast to the devices of a product. */
export const broadcastTurns = pgTable("broadcast_turns", {
  productKey: byteOrderedText("product_key")
    .$type<ProductKey>()
    .primaryKey()
    .references(() => products.productKey, { onDelete: "cascade" }),
  lastAtMs: timeMs("last_at_ms").notNull(),
});
