import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices } from "@trine/postgres";
import { foreignKey, jsonb, pgTable, primaryKey } from "drizzle-orm/pg-core";
import type { Diagnosis } from "./diagnosis.ts";

/** What devices said of their network, the last of each, newest first. */
export const diagnoses = pgTable(
  "diagnoses",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    records: jsonb("records").$type<readonly Diagnosis[]>().notNull(),
  },
  (table) => [
    primaryKey({ name: "diagnoses_pk", columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "diagnoses_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);
