import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { KeyRotation } from "@trine/core/ports";
import { integer, jsonb, pgTable, primaryKey, smallint, text, timestamp } from "drizzle-orm/pg-core";
import { byteOrderedText, timeMs } from "./columns.ts";

/** How it stands about the keys of this installation: one row. */
export const keyState = pgTable("key_state", {
  id: smallint("id").primaryKey().default(1),
  installationId: text("installation_id").notNull(),
  /** The master key that wraps data keys. */
  primaryKey: text("primary_key").notNull(),
  activeDataKey: text("active_data_key"),
  rotation: jsonb("rotation").$type<KeyRotation>(),
  /** Who works on it, until when by the database's clock. */
  worker: text("worker"),
  leasedUntil: timestamp("leased_until", { withTimezone: true }),
});

/** Master keys that were used here: by their ids, with what tells a wrong one. */
export const masterKeys = pgTable("master_keys", {
  id: text("id").primaryKey(),
  /** The installation's id, wrapped. */
  check: text("check_value").notNull(),
  addedAtMs: timeMs("added_at_ms").notNull(),
  retiredAtMs: timeMs("retired_at_ms"),
});

/** Keys that seal secrets, each wrapped by a master key. */
export const dataKeys = pgTable("data_keys", {
  id: text("id").primaryKey(),
  wrappedBy: text("wrapped_by").notNull(),
  wrapped: text("wrapped").notNull(),
  createdAtMs: timeMs("created_at_ms").notNull(),
});

/** The last versions of derived secrets of devices that were deleted: a new device of the name goes on after them. */
export const spentVersions = pgTable(
  "spent_versions",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    secretVersion: integer("secret_version").notNull(),
  },
  (table) => [primaryKey({ columns: [table.productKey, table.deviceName] })],
);
