import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { X509Login } from "@trine/core/ports";
import { index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { safeInteger, timeMs } from "./columns.ts";

/** Numbered datagrams that were taken, by sequence number. */
export type Datagrams = Readonly<Record<string, Datagram>>;

/** A datagram that was taken; until `repeatUntilMs` the same one is known again. */
export interface Datagram {
  readonly origin: string;
  readonly messageId: string;
  readonly repeatUntilMs: number;
}

/** Sessions that a token stands for, by the hash of the token. */
export const sessions = pgTable(
  "sessions",
  {
    tokenHash: text("token_hash").primaryKey(),
    /** Tells sessions of one millisecond apart. */
    ordinal: safeInteger("ordinal").notNull().generatedAlwaysAsIdentity(),
    sessionId: text("session_id").notNull(),
    productKey: text("product_key").$type<ProductKey>().notNull(),
    deviceName: text("device_name").$type<DeviceName>().notNull(),
    iotId: text("iot_id").notNull(),
    secretVersion: integer("secret_version").notNull(),
    policyVersion: integer("policy_version"),
    /** The certificate that the login was proved by, if it was one. */
    x509: jsonb("x509").$type<X509Login>(),
    transport: text("transport").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    expiresAtMs: timeMs("expires_at_ms").notNull(),
    sealing: jsonb("sealing").$type<{ readonly random: string; readonly seqOffset: number }>(),
    /** The highest sequence number taken, and the ones below it as bits in hexadecimal (bit 0 is the highest itself). */
    highestSequence: safeInteger("highest_sequence"),
    takenSequences: text("taken_sequences").notNull().default("0"),
    /** The latest datagrams by their sequence numbers, as long as they may come again. */
    datagrams: jsonb("datagrams").$type<Datagrams>(),
  },
  (table) => [
    index("sessions_device").on(table.productKey, table.deviceName),
    index("sessions_expiry").on(table.expiresAtMs),
  ],
);

/** Lasting sessions: what a device is subscribed to, also while it is away. */
export const subscriptions = pgTable(
  "subscriptions",
  {
    productKey: text("product_key").$type<ProductKey>().notNull(),
    deviceName: text("device_name").$type<DeviceName>().notNull(),
    /** The quality of service by filter. */
    filters: jsonb("filters").$type<Readonly<Record<string, 0 | 1>>>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.productKey, table.deviceName] })],
);
