import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { ProductPolicy, TimelineEvent, TimelineKind, TopicClass } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { byteOrderedText, safeInteger, timeMs } from "./columns.ts";

/** Products, each with what it lets its devices do. */
export const products = pgTable("products", {
  productKey: byteOrderedText("product_key").$type<ProductKey>().primaryKey(),
  name: text("name").notNull(),
  nodeType: text("node_type").$type<"device" | "gateway">().notNull(),
  policy: jsonb("policy").$type<ProductPolicy>().notNull(),
  /** Grows with every change of the policy; null is 0. */
  policyVersion: integer("policy_version"),
  /** Grows with every CA that the product loses; null is 0. */
  x509Version: integer("x509_version"),
  topicClasses: jsonb("topic_classes").$type<readonly TopicClass[]>().notNull(),
  /** Device services that are switched, by name. Null: all are as they are by default. */
  services: jsonb("services").$type<Readonly<Record<string, boolean>>>(),
  /** Encrypted; useless without the master key. */
  sealedSecret: text("sealed_secret").notNull(),
  /** What the secrets of its devices are derived from, encrypted. Null: each device has its own. */
  sealedSeed: text("sealed_seed"),
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
    /** Encrypted; useless without the master key. Null: it is derived from the seed of the product. */
    sealedSecret: text("sealed_secret"),
    secretVersion: integer("secret_version").notNull().default(1),
    /** The second secret, while a rotation is under way. */
    nextSealedSecret: text("next_sealed_secret"),
    /** Stays for a while after the rotation ended, when it is the version above: until every node was told. */
    nextSecretVersion: integer("next_secret_version"),
    /** When the first secret dies at the latest; 0 once it did and not every node was told. */
    graceEndsAtMs: timeMs("grace_ends_at_ms"),
    /** Grows with every certificate that is revoked; null is 0. */
    x509Version: integer("x509_version"),
    disabled: boolean("disabled").notNull().default(false),
    nickname: text("nickname"),
    tags: jsonb("tags").$type<Readonly<Record<string, string>>>().notNull().default({}),
    batchId: text("batch_id"),
    createdAtMs: timeMs("created_at_ms").notNull(),
    activatedAtMs: timeMs("activated_at_ms"),
    /** When it was last handed what it logs in with, since it registered itself. */
    registeredAtMs: timeMs("registered_at_ms"),
    /** Of the newest presence change; orders changes that arrive late. */
    presenceEpoch: safeInteger("presence_epoch").notNull().default(0),
    online: boolean("online").notNull().default(false),
    lastOnlineAtMs: timeMs("last_online_at_ms"),
    lastOfflineAtMs: timeMs("last_offline_at_ms"),
    /** The last sign of life without a connection. */
    lastSeenAtMs: timeMs("last_seen_at_ms"),
    lastPeer: text("last_peer"),
    lastTransport: text("last_transport"),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName] }),
    index("devices_tags").using("gin", sql`${table.tags} jsonb_path_ops`),
    index("devices_iot_id").on(table.iotId),
    index("devices_grace").on(table.graceEndsAtMs).where(sql`${table.graceEndsAtMs} is not null`),
    index("devices_batch").on(table.batchId, table.deviceName).where(sql`${table.batchId} is not null`),
  ],
);

/** What happened to devices, by their iotId, which dies with the device. */
export const timeline = pgTable(
  "timeline",
  {
    iotId: byteOrderedText("iot_id").notNull(),
    atMs: timeMs("at_ms").notNull(),
    /** Tells events of one millisecond apart. */
    id: safeInteger("id").notNull().generatedAlwaysAsIdentity(),
    kind: text("kind").$type<TimelineKind>().notNull(),
    detail: jsonb("detail").$type<TimelineEvent["detail"]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.iotId, table.atMs, table.id] })],
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
