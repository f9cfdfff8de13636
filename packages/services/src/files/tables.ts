import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, safeInteger, timeMs } from "@trine/postgres";
import { customType, foreignKey, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

const bytea = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => "bytea",
  fromDriver: (value) => Buffer.from(value),
});

/** Files that devices upload, or have uploaded. */
export const fileUploads = pgTable(
  "file_uploads",
  {
    uploadId: byteOrderedText("upload_id").notNull(),
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    fileName: byteOrderedText("file_name").notNull(),
    /** -1: the device does not know it before the end. */
    fileSize: safeInteger("file_size").notNull(),
    strategy: text("strategy").$type<"overwrite" | "append" | "reject">().notNull(),
    /** CRC-64 as the device told it; absent: it is not checked. */
    expectedCrc: text("expected_crc"),
    /** The device's own name for the upload, by which it goes on after a break. */
    initUid: text("init_uid"),
    received: safeInteger("received").notNull(),
    /** CRC-64 of what was received, in 16 hex digits. */
    crc: text("crc").notNull(),
    touchedAtMs: timeMs("touched_at_ms").notNull(),
    /** Absent: it is not complete. */
    finishedAtMs: timeMs("finished_at_ms"),
  },
  (table) => [
    primaryKey({ name: "file_uploads_pk", columns: [table.uploadId] }),
    index("file_uploads_of_device").on(table.productKey, table.deviceName, table.fileName),
    index("file_uploads_by_touch").on(table.touchedAtMs),
    foreignKey({
      name: "file_uploads_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);

/** Their bytes. */
export const fileSlices = pgTable(
  "file_slices",
  {
    uploadId: byteOrderedText("upload_id")
      .notNull()
      .references(() => fileUploads.uploadId, { onDelete: "cascade" }),
    position: safeInteger("position").notNull(),
    bytes: bytea("bytes").notNull(),
  },
  (table) => [primaryKey({ name: "file_slices_pk", columns: [table.uploadId, table.position] })],
);
