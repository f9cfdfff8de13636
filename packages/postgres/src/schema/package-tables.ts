import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { PackageRecord } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { foreignKey, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { byteOrderedText, timeMs } from "./columns.ts";
import { devices } from "./registry-tables.ts";

/** Certificates that were handed over to factories; what they were is not in here. */
export const packages = pgTable(
  "packages",
  {
    packageId: text("package_id").primaryKey(),
    batchId: text("batch_id").notNull(),
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    recipient: text("recipient").notNull(),
    receiptKey: text("receipt_key").notNull(),
    status: text("status").$type<PackageRecord["status"]>().notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
  },
  (table) => [
    index("packages_batch").on(table.batchId, table.createdAtMs),
    index("packages_voiding").on(table.createdAtMs).where(sql`${table.status} = 'voiding'`),
  ],
);

/** Which device is in which package: its key says that a device is in one at most. */
export const packageDevices = pgTable(
  "package_devices",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    packageId: text("package_id")
      .notNull()
      .references(() => packages.packageId, { onDelete: "cascade" }),
    burnedAtMs: timeMs("burned_at_ms"),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "package_devices_device",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
    index("package_devices_package").on(table.packageId, table.deviceName),
  ],
);
