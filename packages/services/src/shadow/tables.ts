import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, safeInteger, timeMs } from "@trine/postgres";
import { sql } from "drizzle-orm";
import { foreignKey, index, json, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { Shadow } from "./shadow.ts";

/** Shadows of devices. A row stays when its shadow is deleted, so that no revision comes twice. */
export const shadows = pgTable(
  "shadows",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    /** Grows with every write, whatever the version of the shadow does. */
    revision: safeInteger("revision").notNull(),
    /** Null: there is none. */
    shadow: json("shadow").$type<Shadow>(),
    /** The revision that the device has to be told of. Null: it was, or there is nothing to tell. */
    tellRevision: safeInteger("tell_revision"),
    /** When somebody is to try, unless whoever wrote it has done it by then. */
    tellAtMs: timeMs("tell_at_ms"),
    /** The message that told the device last; it may still wait for the device. */
    toldMessageId: text("told_message_id"),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "shadows_device",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
    index("shadows_tell").on(table.tellAtMs).where(sql`${table.tellRevision} is not null`),
  ],
);
