import type { Role } from "@trine/core/access";
import type { ProductKey } from "@trine/core/certificate";
import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { byteOrderedText, timeMs } from "./columns.ts";

/** Keys of operators and applications, by digests of their texts. */
export const apiKeys = pgTable(
  "api_keys",
  {
    keyId: byteOrderedText("key_id").primaryKey(),
    name: text("name").notNull(),
    role: text("role").$type<Role>().notNull(),
    /** Null: every product. */
    products: jsonb("products").$type<readonly ProductKey[]>(),
    digest: text("digest").notNull(),
    /** Of the text before the last rotation, until it ends. */
    previousDigest: text("previous_digest"),
    previousEndsAtMs: timeMs("previous_ends_at_ms"),
    createdAtMs: timeMs("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
    expiresAtMs: timeMs("expires_at_ms"),
    lastUsedAtMs: timeMs("last_used_at_ms"),
    lastPeer: text("last_peer"),
  },
  (table) => [index("api_keys_age").on(table.createdAtMs, table.keyId)],
);

/** Keys that sign requests, with their secrets sealed. */
export const accessKeys = pgTable(
  "access_keys",
  {
    accessKeyId: byteOrderedText("access_key_id").primaryKey(),
    name: text("name").notNull(),
    role: text("role").$type<Role>().notNull(),
    /** Null: every product. */
    products: jsonb("products").$type<readonly ProductKey[]>(),
    sealedSecret: text("sealed_secret").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
    expiresAtMs: timeMs("expires_at_ms"),
    lastUsedAtMs: timeMs("last_used_at_ms"),
    lastPeer: text("last_peer"),
  },
  (table) => [index("access_keys_age").on(table.createdAtMs, table.accessKeyId)],
);

/** Nonces of signed requests that passed, by SHA-256 of key and nonce. */
export const accessKeyNonces = pgTable(
  "access_key_nonces",
  { digest: text("digest").primaryKey(), endsAtMs: timeMs("ends_at_ms").notNull() },
  (table) => [index("access_key_nonces_end").on(table.endsAtMs)],
);

/** Sessions of operators, by the hash of their tokens. */
export const operatorSessions = pgTable(
  "operator_sessions",
  {
    tokenHash: text("token_hash").primaryKey(),
    /** Not a reference: the key that is set at the start is in no table. */
    keyId: text("key_id").notNull(),
    keyTag: text("key_tag").notNull(),
    createdAtMs: timeMs("created_at_ms").notNull(),
    seenAtMs: timeMs("seen_at_ms").notNull(),
    peer: text("peer").notNull(),
  },
  (table) => [index("operator_sessions_key").on(table.keyId)],
);
