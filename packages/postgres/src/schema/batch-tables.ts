import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { BatchStatus } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";
import { timeMs } from "./columns.ts";

/** Registrations of many devices. */
export const batches = pgTable(
  "batches",
  {
    batchId: text("batch_id").primaryKey(),
    productKey: text("product_key").$type<ProductKey>().notNull(),
    status: text("status").$type<BatchStatus>().notNull(),
    total: integer("total").notNull(),
    done: integer("done").notNull().default(0),
    failed: integer("failed").notNull(),
    idempotencyKey: text("idempotency_key"),
    fingerprint: text("fingerprint").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    /** Who works on it, until when by the database's clock. */
    worker: text("worker"),
    leasedUntil: timestamp("leased_until", { withTimezone: true }),
  },
  (table) => [
    uniqueIndex("batches_idempotency").on(table.productKey, table.idempotencyKey),
    index("batches_unfinished").on(table.createdAtMs, table.batchId).where(sql`${table.status} <> 'done'`),
  ],
);

/** What is still to be registered; a line goes when it was handled. */
export const batchLines = pgTable(
  "batch_lines",
  {
    batchId: text("batch_id")
      .notNull()
      .references(() => batches.batchId, { onDelete: "cascade" }),
    line: integer("line").notNull(),
    deviceName: text("device_name").$type<DeviceName>(),
    nickname: text("nickname"),
    tags: jsonb("tags").$type<Readonly<Record<string, string>>>(),
  },
  (table) => [primaryKey({ columns: [table.batchId, table.line] })],
);

/** What could not be registered. */
export const batchErrors = pgTable(
  "batch_errors",
  {
    batchId: text("batch_id")
      .notNull()
      .references(() => batches.batchId, { onDelete: "cascade" }),
    line: integer("line").notNull(),
    deviceName: text("device_name").notNull(),
    code: text("code").notNull(),
    message: text("message").notNull(),
  },
  // A line may have more than one error.
  (table) => [index("batch_errors_line").on(table.batchId, table.line)],
);
