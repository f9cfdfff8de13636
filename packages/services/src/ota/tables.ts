import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, timeMs } from "@trine/postgres";
import { foreignKey, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/** What devices say they run, by module. */
export const otaVersions = pgTable(
  "ota_versions",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    module: byteOrderedText("module").notNull(),
    version: text("version").notNull(),
    /** When the device said so first. */
    sinceMs: timeMs("since_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "ota_versions_pk", columns: [table.productKey, table.deviceName, table.module] }),
    foreignKey({
      name: "ota_versions_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);
