import {
  describeApiKeyStore,
  describeAuditLog,
  describeBatchStore,
  describeDeviceRegistry,
  describeMailbox,
  describeOperatorSessionStore,
  describeSessionStore,
  describeSubscriptionStore,
  describeTimeline,
  describeUplinkLog,
  TIMELINE_EVENTS,
} from "@trine/testkit/ports";
import {
  createSqlApiKeyStore,
  createSqlAuditLog,
  createSqlBatchStore,
  createSqlDeviceRegistry,
  createSqlMailbox,
  createSqlOperatorSessionStore,
  createSqlSessionStore,
  createSqlSubscriptionStore,
  createSqlTimeline,
  createSqlUplinkLog,
  type SqlDatabase,
} from "../src/index.ts";

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
  describeApiKeyStore(name, shared(createSqlApiKeyStore));
  describeOperatorSessionStore(name, shared(createSqlOperatorSessionStore));
  describeBatchStore(name, async () => ({
    ...(await shared(createSqlBatchStore)()),
    registry: createSqlDeviceRegistry(opened().database),
  }));
  const timeline = (database: SqlDatabase) => createSqlTimeline(database, { maxPerDevice: TIMELINE_EVENTS });
  describeTimeline(name, async () => ({
    ...(await shared(timeline)()),
    registry: createSqlDeviceRegistry(opened().database),
  }));
  describeSubscriptionStore(name, shared(createSqlSubscriptionStore));
  describeSessionStore(name, single(createSqlSessionStore));
  describeMailbox(name, single(createSqlMailbox));
  describeUplinkLog(name, single(createSqlUplinkLog));
}
