import {
  addSealedAccessKey,
  addSealedDevice,
  addSealedProduct,
  describeAccessKeyStore,
  describeApiKeyStore,
  describeAuditLog,
  describeBatchStore,
  describeDeviceRegistry,
  describeKeyStore,
  describeMailbox,
  describeOperatorSessionStore,
  describePackageStore,
  describeRegistrationNames,
  describeSealedRows,
  describeSessionStore,
  describeSubscriptionStore,
  describeTimeline,
  describeUplinkLog,
  describeX509Store,
  TIMELINE_EVENTS,
} from "@trine/testkit/ports";
import {
  createSqlAccessKeyStore,
  createSqlApiKeyStore,
  createSqlAuditLog,
  createSqlBatchStore,
  createSqlDeviceRegistry,
  createSqlKeyStore,
  createSqlMailbox,
  createSqlOperatorSessionStore,
  createSqlPackageStore,
  createSqlRegistrationNames,
  createSqlSealedAccessKeys,
  createSqlSealedDevices,
  createSqlSealedOwnAuthority,
  createSqlSealedProducts,
  createSqlSessionStore,
  createSqlSubscriptionStore,
  createSqlTimeline,
  createSqlUplinkLog,
  createSqlX509Store,
  type SqlDatabase,
} from "../src/index.ts";
import { dataKeys, keyState, masterKeys } from "../src/schema/key-tables.ts";

/** What a test file has opened: the database, and for Postgres another client of it, as another process would have. */
export interface Opened {
  readonly database: SqlDatabase;
  readonly second?: SqlDatabase;
}

/**
 * Every promise of every port in SQL.
 *
 * @param opened asks for the database of the test file, which closes it.
 */
export function describeSqlStores(name: string, opened: () => Opened): void {
  const dispose = async () => {};
  /** Ports that hold in any number of processes. */
  const shared =
    <T>(create: (database: SqlDatabase) => T) =>
    async () => {
      const { database, second } = opened();
      return { store: create(database), ...(second ? { second: create(second) } : {}), dispose };
    };
  /** Ports that are promised for one process. */
  const single =
    <T>(create: (database: SqlDatabase) => T) =>
    async () => ({ store: create(opened().database), dispose });

  describeDeviceRegistry(name, shared(createSqlDeviceRegistry));
  describeAuditLog(name, shared(createSqlAuditLog));
  describeAccessKeyStore(name, shared(createSqlAccessKeyStore));
  describeApiKeyStore(name, shared(createSqlApiKeyStore));
  describeOperatorSessionStore(name, shared(createSqlOperatorSessionStore));
  describeBatchStore(name, async () => ({
    ...(await shared(createSqlBatchStore)()),
    registry: createSqlDeviceRegistry(opened().database),
  }));
  describePackageStore(name, async () => ({
    ...(await shared(createSqlPackageStore)()),
    registry: createSqlDeviceRegistry(opened().database),
    batches: createSqlBatchStore(opened().database),
  }));
  describeRegistrationNames(name, async () => ({
    ...(await shared(createSqlRegistrationNames)()),
    registry: createSqlDeviceRegistry(opened().database),
  }));
  const timeline = (database: SqlDatabase) => createSqlTimeline(database, { maxPerDevice: TIMELINE_EVENTS });
  describeTimeline(name, async () => ({
    ...(await shared(timeline)()),
    registry: createSqlDeviceRegistry(opened().database),
  }));
  describeSealedRows(`${name}, products`, async () => ({
    ...(await shared(createSqlSealedProducts)()),
    add: (sealed: string) => addSealedProduct(createSqlDeviceRegistry(opened().database), sealed),
  }));
  describeSealedRows(`${name}, devices`, async () => ({
    ...(await shared(createSqlSealedDevices)()),
    add: (sealed: string) => addSealedDevice(createSqlDeviceRegistry(opened().database), sealed),
  }));
  describeSealedRows(`${name}, access keys`, async () => ({
    ...(await shared(createSqlSealedAccessKeys)()),
    add: (sealed: string) => addSealedAccessKey(createSqlAccessKeyStore(opened().database), sealed),
  }));
  describeKeyStore(name, async () => {
    const { database } = opened();
    // There is one row for a whole installation.
    for (const table of [keyState, masterKeys, dataKeys]) await database.db.delete(table);
    return shared(createSqlKeyStore)();
  });
  describeX509Store(name, async () => ({
    ...(await shared(createSqlX509Store)()),
    registry: createSqlDeviceRegistry(opened().database),
    sealedRows: createSqlSealedOwnAuthority(opened().database),
  }));
  describeSubscriptionStore(name, shared(createSqlSubscriptionStore));
  describeSessionStore(name, single(createSqlSessionStore));
  describeMailbox(name, single(createSqlMailbox));
  describeUplinkLog(name, single(createSqlUplinkLog));
}
