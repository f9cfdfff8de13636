import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, timeMs } from "@trine/postgres";
import { foreignKey, jsonb, pgTable, primaryKey } from "drizzle-orm/pg-core";

/** What gateways found last. */
export const foundLists = pgTable(
  "found_lists",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    found: jsonb("found").$type<readonly { readonly productKey: string; readonly deviceName: string }[]>().notNull(),
    foundAtMs: timeMs("found_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "found_lists_pk", columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "found_lists_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);
