import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { UplinkReaders } from "@trine/core/messaging";
import type { MessageState } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import {
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { safeInteger, timeMs } from "./columns.ts";

const bytea = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => "bytea",
  fromDriver: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

/** Messages to devices: those that wait, and for a while the state of those that do not any more. */
export const mailboxMessages = pgTable(
  "mailbox_messages",
  {
    position: safeInteger("position").primaryKey().generatedAlwaysAsIdentity(),
    productKey: text("product_key").$type<ProductKey>().notNull(),
    deviceName: text("device_name").$type<DeviceName>().notNull(),
    messageId: text("message_id").notNull(),
    idempotencyKey: text("idempotency_key"),
    topic: text("topic").notNull(),
    /** Empty once the message does not wait any more. */
    payload: bytea("payload").notNull(),
    payloadBytes: integer("payload_bytes").notNull(),
    qos: smallint("qos").$type<0 | 1>().notNull(),
    state: text("state").$type<MessageState>().notNull(),
    waiting: boolean("waiting").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
    changedAtMs: timeMs("changed_at_ms").notNull(),
    /** When it stopped waiting, or will at the latest; its state is kept for a while after that. */
    endsAtMs: timeMs("ends_at_ms").notNull(),
    /** Somebody wants to be told of its end, and was not yet. */
    report: boolean("report").notNull().default(false),
  },
  (table) => [
    uniqueIndex("mailbox_message").on(table.productKey, table.deviceName, table.messageId),
    uniqueIndex("mailbox_idempotency")
      .on(table.productKey, table.deviceName, table.idempotencyKey)
      .where(sql`${table.idempotencyKey} is not null`),
    index("mailbox_waiting").on(table.productKey, table.deviceName, table.position).where(sql`${table.waiting}`),
    index("mailbox_ends").on(table.endsAtMs),
    index("mailbox_reports").on(table.endsAtMs).where(sql`${table.report}`),
  ],
);

/** What devices sent. Positions are given in the order of commits, so a reader that saw one has seen all before it. */
export const uplinkMessages = pgTable(
  "uplink_messages",
  {
    position: safeInteger("position").primaryKey(),
    partition: smallint("partition").notNull(),
    messageId: text("message_id").notNull(),
    productKey: text("product_key").$type<ProductKey>().notNull(),
    deviceName: text("device_name").$type<DeviceName>().notNull(),
    topic: text("topic").notNull(),
    payload: bytea("payload").notNull(),
    /** What it takes of the log's allowance. */
    bytes: integer("bytes").notNull(),
    qos: smallint("qos").$type<0 | 1>().notNull(),
    transport: text("transport").notNull(),
    receivedAtMs: timeMs("received_at_ms").notNull(),
  },
  (table) => [index("uplink_partition").on(table.partition, table.position)],
);

/**
 * One row: the position given last, and how much the log holds, so that nobody has to add it up. Whoever appends changes it, and so
 * holds its lock until the commit: that makes the order of positions the order of commits, with several writers as well.
 */
export const uplinkUsage = pgTable("uplink_usage", {
  onlyRow: boolean("only_row").primaryKey().default(true),
  lastPosition: safeInteger("last_position").notNull(),
  bytes: safeInteger("bytes").notNull(),
});

/** Consumer groups. */
export const uplinkGroups = pgTable("uplink_groups", {
  name: text("name").primaryKey(),
  startsAt: text("starts_at").$type<"earliest" | "latest">().notNull(),
  /** Where partitions without a cursor start: after this position. */
  startPosition: safeInteger("start_position").notNull(),
  ackDeadlineMs: safeInteger("ack_deadline_ms").notNull(),
  /** The first read decided what the group sees: one product, or everything. */
  bound: boolean("bound").notNull().default(false),
  productKey: text("product_key").$type<ProductKey>(),
  /** Who reads, each with about when it read last. */
  readers: jsonb("readers").$type<UplinkReaders>().notNull().default([]),
});

/** Ids of messages that may come again, for a few minutes. */
export const uplinkOnce = pgTable(
  "uplink_once",
  {
    messageId: text("message_id").primaryKey(),
    cameAtMs: timeMs("came_at_ms").notNull(),
  },
  (table) => [index("uplink_once_came").on(table.cameAtMs)],
);

/** How far a group is in a partition. */
export const uplinkCursors = pgTable(
  "uplink_cursors",
  {
    group: text("group_name")
      .notNull()
      .references(() => uplinkGroups.name, { onDelete: "cascade" }),
    partition: smallint("partition").notNull(),
    /** Handed out up to here. */
    readTo: safeInteger("read_to").notNull(),
    /** Who holds the partition. */
    consumer: text("consumer"),
    /** Positions handed out and not acknowledged, in order, each with its deadline. */
    out: jsonb("out").$type<readonly (readonly [position: number, deadlineMs: number])[]>().notNull(),
    /** Positions to be handed out again before anything new, in order. */
    again: jsonb("again").$type<readonly number[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.group, table.partition] })],
);
