import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, safeInteger, timeMs } from "@trine/postgres";
import { boolean, foreignKey, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

const names = () => ({
  productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
  deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
});

/** Which devices are to report their log. */
export const logSwitches = pgTable("log_switches", { ...names(), isOn: boolean("is_on").notNull() }, (table) => [
  primaryKey({ name: "log_switches_pk", columns: [table.productKey, table.deviceName] }),
  foreignKey({
    name: "log_switches_device_fk",
    columns: [table.productKey, table.deviceName],
    foreignColumns: [devices.productKey, devices.deviceName],
  }).onDelete("cascade"),
]);

/** What devices reported, the last of each. */
export const logRecords = pgTable(
  "log_records",
  {
    ...names(),
    /** Grows with each record of the device. */
    position: safeInteger("position").notNull(),
    receivedAtMs: timeMs("received_at_ms").notNull(),
    text: text("text").notNull(),
  },
  (table) => [
    primaryKey({ name: "log_records_pk", columns: [table.productKey, table.deviceName, table.position] }),
    foreignKey({
      name: "log_records_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);
