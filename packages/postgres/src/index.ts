export { createSqlAccessKeyStore } from "./access/access-key-store.ts";
export { createSqlApiKeyStore } from "./access/api-key-store.ts";
export { createSqlOperatorSessionStore } from "./access/operator-session-store.ts";
export { createSqlSealedAccessKeys } from "./access/sealed-access-keys.ts";
export { createCursors } from "./cursor.ts";
export { createGroupCommit } from "./database/group-commit.ts";
export { migrate } from "./database/migrate.ts";
export { openPglite } from "./database/open-pglite.ts";
export { openPostgres } from "./database/open-postgres.ts";
export { recordset } from "./database/recordset.ts";
export { restoreSnapshot, writeSnapshot } from "./database/snapshot.ts";
export {
  type PgliteDatabase,
  type PostgresDatabase,
  query,
  type Sql,
  type SqlDatabase,
} from "./database/sql-database.ts";
export { FOREIGN_KEY_VIOLATION, sqlState } from "./database/sql-fault.ts";
export { unnested } from "./database/unnested.ts";
export { createSqlKeyStore } from "./keys/key-store.ts";
export { createSqlSealedDevices } from "./keys/sealed-devices.ts";
export { createSqlSealedProducts } from "./keys/sealed-products.ts";
export { createSqlMailbox } from "./messaging/mailbox.ts";
export { createSqlUplinkLog } from "./messaging/uplink-log.ts";
export { createSqlPackageStore } from "./packages/package-store.ts";
export { createSqlAuditLog } from "./registry/audit-log.ts";
export { createSqlBatchStore } from "./registry/batch-store.ts";
export { createSqlDeviceRegistry } from "./registry/device-registry.ts";
export { createSqlRegistrationNames } from "./registry/registration-names.ts";
export { createSqlTimeline } from "./registry/timeline.ts";
export { retryDeadlock } from "./registry/write-devices.ts";
export { byteOrderedText, safeInteger, timeMs } from "./schema/columns.ts";
export { devices, products } from "./schema/registry-tables.ts";
export { createSqlSessionStore } from "./sessions/session-store.ts";
export { createSqlSubscriptionStore } from "./sessions/subscription-store.ts";
export { createSqlSealedOwnAuthority } from "./x509/sealed-own-authority.ts";
export { createSqlX509Store } from "./x509/x509-store.ts";
