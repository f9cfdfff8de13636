import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, products, safeInteger, timeMs } from "@trine/postgres";
import { bigserial, foreignKey, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";

const ofProduct = () =>
  byteOrderedText("product_key")
    .$type<ProductKey>()
    .notNull()
    .references(() => products.productKey, { onDelete: "cascade" });

/** Configurations of products, the last few of each. */
export const configVersions = pgTable(
  "config_versions",
  {
    productKey: ofProduct(),
    version: safeInteger("version").notNull(),
    configId: text("config_id").notNull(),
    size: integer("size").notNull(),
    sha256: text("sha256").notNull(),
    content: text("content").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "config_versions_pk", columns: [table.productKey, table.version] }),
    uniqueIndex("config_versions_by_id").on(table.productKey, table.configId),
  ],
);

/** The last push of each product. */
export const configPushes = pgTable(
  "config_pushes",
  {
    pushId: bigserial("push_id", { mode: "number" }).notNull(),
    productKey: ofProduct(),
    configId: text("config_id").notNull(),
    ratePerSecond: integer("rate_per_second").notNull(),
    ttlMs: safeInteger("ttl_ms").notNull(),
    startedAtMs: timeMs("started_at_ms").notNull(),
    after: byteOrderedText("after"),
    sent: safeInteger("sent").notNull().default(0),
    failed: safeInteger("failed").notNull().default(0),
    finishedAtMs: timeMs("finished_at_ms"),
    /** When the next devices may be sent it; absent when it is finished. */
    dueAtMs: timeMs("due_at_ms"),
  },
  (table) => [
    primaryKey({ name: "config_pushes_pk", columns: [table.productKey] }),
    index("config_pushes_due").on(table.dueAtMs),
  ],
);

/** What each device said last to a push. */
export const configAnswers = pgTable(
  "config_answers",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    pushId: safeInteger("push_id").notNull(),
    code: integer("code").notNull(),
    answeredAtMs: timeMs("answered_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "config_answers_pk", columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "config_answers_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);
