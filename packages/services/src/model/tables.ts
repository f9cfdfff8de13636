import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, products, safeInteger, timeMs } from "@trine/postgres";
import {
  type AnyPgColumn,
  bigint,
  foreignKey,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import type { ModelText } from "./tsl/parse-model.ts";

/** JSON as text: as a JSON column a driver and the query builder would both parse it, and the text `"1"` come back as a number. */
const jsonText = text;

/** What a product says about its devices' properties, events and services. */
export const modelProducts = pgTable("model_products", {
  productKey: byteOrderedText("product_key")
    .$type<ProductKey>()
    .primaryKey()
    .references(() => products.productKey, { onDelete: "cascade" }),
  /** The vendor's TSL as it was given, null without one. Not `jsonb`, which would put its members in another order. */
  model: json("model").$type<ModelText>(),
  /** Grows with every model. */
  version: integer("version").notNull().default(0),
  validate: text("validate").$type<"off" | "report" | "enforce">().notNull(),
  historyDays: integer("history_days").notNull(),
  changedAtMs: timeMs("changed_at_ms").notNull(),
});

const ofDevice = {
  productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
  deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
};

/** The last value of each property. */
export const modelValues = pgTable(
  "model_values",
  {
    ...ofDevice,
    identifier: byteOrderedText("identifier").notNull(),
    value: jsonText("value").notNull(),
    /** When the device says that it was so. */
    atMs: timeMs("at_ms").notNull(),
    receivedAtMs: timeMs("received_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName, table.identifier] }),
    toDevice("model_values_device", table),
  ],
);

/** What a device is to come to, with a version for each property. */
export const modelDesired = pgTable(
  "model_desired",
  {
    ...ofDevice,
    identifier: byteOrderedText("identifier").notNull(),
    /** Null: cleared; its version is not used again. */
    value: jsonText("value"),
    version: integer("version").notNull(),
    changedAtMs: timeMs("changed_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName, table.identifier] }),
    toDevice("model_desired_device", table),
  ],
);

/** What devices were asked to do, and what they said. */
export const modelCalls = pgTable(
  "model_calls",
  {
    ...ofDevice,
    /** The id of the request in the vendor's envelope. */
    callId: bigint("call_id", { mode: "number" }).notNull(),
    /** What follows `thing/service/`. */
    service: text("service").notNull(),
    params: jsonText("params").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
    /** The node on which somebody waits for the answer. */
    waitingNode: text("waiting_node"),
    answeredAtMs: timeMs("answered_at_ms"),
    code: safeInteger("code"),
    message: text("message"),
    data: jsonText("data"),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName, table.callId] }),
    index("model_calls_created").on(table.createdAtMs),
    toDevice("model_calls_device", table),
  ],
);

/**
 * Earlier values of properties (partitioned by the day on which they end). By the iotId, which dies with the device: a reference would lock the
 * devices whenever a partition is made or dropped.
 */
export const modelHistory = pgTable(
  "model_history",
  {
    iotId: byteOrderedText("iot_id").notNull(),
    identifier: byteOrderedText("identifier").notNull(),
    atMs: timeMs("at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
    receivedAtMs: timeMs("received_at_ms").notNull(),
    value: jsonText("value").notNull(),
  },
  (table) => [primaryKey({ columns: [table.iotId, table.identifier, table.atMs, table.expiresAtMs] })],
);

/** Events (partitioned alike). */
export const modelEvents = pgTable(
  "model_events",
  {
    iotId: byteOrderedText("iot_id").notNull(),
    /** Of the message that brought it: orders events of one millisecond. */
    messageId: byteOrderedText("message_id").notNull(),
    place: integer("place").notNull(),
    identifier: byteOrderedText("identifier").notNull(),
    atMs: timeMs("at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
    receivedAtMs: timeMs("received_at_ms").notNull(),
    value: jsonText("value").notNull(),
  },
  (table) => [primaryKey({ columns: [table.iotId, table.atMs, table.messageId, table.place, table.expiresAtMs] })],
);

function toDevice(name: string, { productKey, deviceName }: Record<"productKey" | "deviceName", AnyPgColumn>) {
  return foreignKey({
    name,
    columns: [productKey, deviceName],
    foreignColumns: [devices.productKey, devices.deviceName],
  }).onDelete("cascade");
}
