import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, products, safeInteger, timeMs } from "@trine/postgres";
import { sql } from "drizzle-orm";
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { JobState, JobWhy, TargetFilter } from "./jobs/job.ts";
import type { TargetState } from "./jobs/target-machine.ts";

/** What devices say they run, by module. */
export const otaVersions = pgTable(
  "ota_versions",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    module: byteOrderedText("module").notNull(),
    version: text("version").notNull(),
    /** When the device said so first. */
    sinceMs: timeMs("since_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "ota_versions_pk", columns: [table.productKey, table.deviceName, table.module] }),
    foreignKey({
      name: "ota_versions_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
  ],
);

/** Files of firmware: a row comes before its file, and goes after it. */
export const otaFirmware = pgTable(
  "ota_firmware",
  {
    firmwareId: byteOrderedText("firmware_id").primaryKey(),
    /** No foreign key: the file has to go with its product, and this row is what tells of it. */
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    module: byteOrderedText("module").notNull(),
    version: byteOrderedText("version").notNull(),
    state: text("state").$type<"coming" | "kept" | "given_up">().notNull(),
    size: safeInteger("size"),
    md5: text("md5"),
    sha256: text("sha256"),
    createdAtMs: timeMs("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("ota_firmware_version")
      .on(table.productKey, table.module, table.version)
      .where(sql`${table.state} = 'kept'`),
    index("ota_firmware_product").on(table.productKey, table.createdAtMs, table.firmwareId),
  ],
);

/** Jobs, each of which brings one firmware to devices of a product. */
export const otaJobs = pgTable(
  "ota_jobs",
  {
    jobId: byteOrderedText("job_id").primaryKey(),
    productKey: byteOrderedText("product_key")
      .$type<ProductKey>()
      .notNull()
      .references(() => products.productKey, { onDelete: "cascade" }),
    firmwareId: byteOrderedText("firmware_id").notNull(),
    module: byteOrderedText("module").notNull(),
    version: byteOrderedText("version").notNull(),
    filter: jsonb("filter").$type<TargetFilter>().notNull(),
    isPushed: boolean("is_pushed").notNull(),
    ratePerMinute: integer("rate_per_minute").notNull(),
    timeoutMs: safeInteger("timeout_ms").notNull(),
    retries: integer("retries").notNull(),
    stopAtPercent: integer("stop_at_percent"),
    stopAfter: integer("stop_after").notNull(),
    state: text("state").$type<JobState>().notNull(),
    why: text("why").$type<JobWhy>(),
    /** Devices up to this name are in it, or are not to be; null once all were looked at. */
    plannedUpTo: byteOrderedText("planned_up_to"),
    /** Of the devices that were looked at: those whose turn another job has taken. */
    busy: integer("busy").notNull().default(0),
    /** What ended since the job was started or resumed: judged against the bound of failures. */
    recentDone: integer("recent_done").notNull().default(0),
    recentFailed: integer("recent_failed").notNull().default(0),
    /** No further device before this. */
    paceAtMs: timeMs("pace_at_ms").notNull().default(0),
    /** When there is something to do; null: never again. */
    nextAtMs: timeMs("next_at_ms"),
    createdAtMs: timeMs("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
    endedAtMs: timeMs("ended_at_ms"),
  },
  (table) => [
    index("ota_jobs_next").on(table.nextAtMs).where(sql`${table.nextAtMs} is not null`),
    index("ota_jobs_created").on(table.createdAtMs, table.jobId),
    index("ota_jobs_product").on(table.productKey, table.createdAtMs, table.jobId),
  ],
);

/** Where each device stands in each job. */
export const otaTargets = pgTable(
  "ota_targets",
  {
    jobId: byteOrderedText("job_id")
      .notNull()
      .references(() => otaJobs.jobId, { onDelete: "cascade" }),
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    module: byteOrderedText("module").notNull(),
    version: byteOrderedText("version").notNull(),
    state: text("state").$type<TargetState>().notNull(),
    /** How often its turn came. */
    attempts: integer("attempts").notNull().default(0),
    /** When the state has lasted long enough. */
    dueAtMs: timeMs("due_at_ms").notNull(),
    /** Percent, as the device told last. */
    step: integer("step"),
    /** Why the last attempt failed. */
    reason: text("reason"),
    /** In the words of the device. */
    detail: text("detail"),
    changedAtMs: timeMs("changed_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ name: "ota_targets_pk", columns: [table.jobId, table.deviceName] }),
    foreignKey({
      name: "ota_targets_device_fk",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
    // A module of a device is in one job at a time.
    uniqueIndex("ota_targets_open")
      .on(table.productKey, table.deviceName, table.module)
      .where(sql`${table.state} in ('queued', 'sending', 'offered', 'updating')`),
    index("ota_targets_device").on(table.productKey, table.deviceName, table.changedAtMs),
    index("ota_targets_due").on(table.jobId, table.state, table.dueAtMs, table.deviceName),
  ],
);
