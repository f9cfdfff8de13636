import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { X509Origin, X509Serial } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { byteOrderedText, timeMs } from "./columns.ts";
import { devices, products } from "./registry-tables.ts";

/** Certificates of devices. Fingerprints and hashes of keys are SHA-256 in hex, certificates DER in base64. */
export const x509Certificates = pgTable(
  "x509_certificates",
  {
    fingerprint: text("fingerprint").primaryKey(),
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    origin: text("origin").$type<X509Origin>().notNull(),
    /** Null, as what follows: it was bound by its fingerprint, and nobody has seen it. */
    subject: text("subject"),
    serialNumber: text("serial_number"),
    notBeforeMs: timeMs("not_before_ms"),
    notAfterMs: timeMs("not_after_ms"),
    /** Null as well where a device brought it. */
    der: text("der"),
    issuerKeyHash: text("issuer_key_hash"),
    /** What stood between it and a CA of its product; null is nothing. */
    intermediates: jsonb("intermediates").$type<readonly X509Serial[]>(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    firstUsedAtMs: timeMs("first_used_at_ms"),
    revokedAtMs: timeMs("revoked_at_ms"),
    revokedWhy: text("revoked_why"),
    /** Days before its end, of the most urgent warning that was given. */
    toldLevel: integer("told_level"),
  },
  (table) => [
    foreignKey({
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
      name: "x509_certificates_device",
    }).onDelete("cascade"),
    index("x509_certificates_device").on(table.productKey, table.deviceName),
    index("x509_certificates_serial")
      .on(table.issuerKeyHash, table.serialNumber)
      .where(sql`${table.issuerKeyHash} is not null`),
    index("x509_certificates_intermediates")
      .using("gin", sql`${table.intermediates} jsonb_path_ops`)
      .where(sql`${table.intermediates} is not null`),
    index("x509_certificates_end").on(table.notAfterMs),
  ],
);

/** CAs that products trust. */
export const x509Authorities = pgTable(
  "x509_authorities",
  {
    productKey: byteOrderedText("product_key")
      .$type<ProductKey>()
      .notNull()
      .references(() => products.productKey, { onDelete: "cascade" }),
    fingerprint: byteOrderedText("fingerprint").notNull(),
    keyHash: text("key_hash").notNull(),
    subject: text("subject").notNull(),
    notBeforeMs: timeMs("not_before_ms").notNull(),
    notAfterMs: timeMs("not_after_ms").notNull(),
    der: text("der").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.productKey, table.fingerprint] })],
);

/** What CAs revoked for the devices of a product, for good: also for devices that are not there any more, or not yet. */
export const x509Revocations = pgTable(
  "x509_revocations",
  {
    productKey: byteOrderedText("product_key")
      .$type<ProductKey>()
      .notNull()
      .references(() => products.productKey, { onDelete: "cascade" }),
    issuerKeyHash: text("issuer_key_hash").notNull(),
    serialNumber: byteOrderedText("serial_number").notNull(),
    revokedAtMs: timeMs("revoked_at_ms").notNull(),
    why: text("why").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.serialNumber, table.issuerKeyHash] }),
    index("x509_revocations_list").on(table.productKey, table.issuerKeyHash, table.serialNumber),
  ],
);

/** Trine's own CA: one row at the most. */
export const x509OwnAuthority = pgTable("x509_own_authority", {
  id: integer("id").primaryKey(),
  fingerprint: text("fingerprint").notNull(),
  der: text("der").notNull(),
  /** Encrypted; useless without the master key. */
  sealedKey: text("sealed_key").notNull(),
  createdAtMs: timeMs("created_at_ms").notNull(),
});
