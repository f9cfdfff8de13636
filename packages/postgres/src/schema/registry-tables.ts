import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { ProductPolicy, TopicClass } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { byteOrderedText, safeInteger, timeMs } from "./columns.ts";

/** Products, each with what it lets its devices do. */
export const products = pgTable("products", {
  productKey: byteOrderedText("product_key").$type<ProductKey>().primaryKey(),
  name: text("name").notNull(),
  nodeType: text("node_type").$type<"device" | "gateway">().notNull(),
  policy: jsonb("policy").$type<ProductPolicy>().notNull(),
  topicClasses: jsonb("topic_classes").$type<readonly TopicClass[]>().notNull(),
  /** Encrypted; useless without the master key. */
  sealedSecret: text("sealed_secret").notNull(),
  createdAtMs: timeMs("created_at_ms").notNull(),
});

/** Devices and their presence. */
export const devices = pgTable(
  "devices",
  {
    productKey: byteOrderedText("product_key")
      .$type<ProductKey>()
      .notNull()
      .references(() => products.productKey),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    iotId: text("iot_id").notNull(),
    /** Encrypted; useless without the master key. */
    sealedSecret: text("sealed_secret").notNull(),
    secretVersion: integer("secret_version").notNull().default(1),
    disabled: boolean("disabled").notNull().default(false),
    nickname: text("nickname"),
    tags: jsonb("tags").$type<Readonly<Record<string, string>>>().notNull().default({}),
    batchId: text("batch_id"),
    createdAtMs: timeMs("created_at_ms").notNull(),
    activatedAtMs: timeMs("activated_at_ms"),
    /** Of the newest presence change; orders changes that arrive late. */
    presenceEpoch: safeInteger("presence_epoch").notNull().default(0),
    online: boolean("online").notNull().default(false),
    lastOnlineAtMs: timeMs("last_online_at_ms"),
    lastOfflineAtMs: timeMs("last_offline_at_ms"),
    lastPeer: text("last_peer"),
    lastTransport: text("last_transport"),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName] }),
    index("devices_tags").using("gin", sql`${table.tags} jsonb_path_ops`),
    index("devices_batch").on(table.batchId, table.deviceName).where(sql`${table.batchId} is not null`),
  ],
);

/** Who did what. */
export const audit = pgTable(
  "audit",
  {
    id: safeInteger("id").primaryKey().generatedAlwaysAsIdentity(),
    atMs: timeMs("at_ms").notNull(),
    actor: text("actor").notNull(),
    action: text("action").notNull(),
    target: text("target").notNull(),
    detail: jsonb("detail").$type<Readonly<Record<string, unknown>>>().notNull(),
    peer: text("peer").notNull(),
  },
  (table) => [index("audit_action").on(table.action, table.id), index("audit_target").on(table.target, table.id)],
);
