import type { ProductKey } from "@trine/core/certificate";
import { boolean, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { byteOrderedText } from "./columns.ts";
import { products } from "./registry-tables.ts";

/** Names that unknown devices may register themselves under, and beginnings of such. A product without a row lets every name in. */
export const registrationNames = pgTable(
  "registration_names",
  {
    productKey: byteOrderedText("product_key")
      .$type<ProductKey>()
      .notNull()
      .references(() => products.productKey, { onDelete: "cascade" }),
    name: byteOrderedText("name").notNull(),
    isPrefix: boolean("is_prefix").notNull(),
  },
  (table) => [primaryKey({ columns: [table.productKey, table.name, table.isPrefix] })],
);
