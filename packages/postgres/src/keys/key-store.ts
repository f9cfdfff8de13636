import type { DataKeyRecord, KeyRecords, KeyStore, MasterKeyRecord } from "@trine/core/ports";
import { asc, inArray, sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { dataKeys, keyState, masterKeys } from "../schema/key-tables.ts";

/** The records of keys in SQL. Leases run by the database's clock, the same for all workers. */
export function createSqlKeyStore(database: SqlDatabase): KeyStore {
  const { db } = database;
  return {
    load: () => load(db),
    found: (records) =>
      database.transaction(async (tx) => {
        const { installationId, primary, activeDataKey = null, rotation = null } = records;
        const inserted = await tx
          .insert(keyState)
          .values({ installationId, primaryKey: primary, activeDataKey, rotation })
          .onConflictDoNothing()
          .returning({ id: keyState.id });
        if (inserted.length === 0) return false;
        for (const record of records.masterKeys) await putMasterKey(tx, record);
        await putDataKeys(tx, records.dataKeys);
        return true;
      }),
    addMasterKey: (record) => putMasterKey(db, record),
    beginRotation: (dataKey, rotation) =>
      database.transaction(async (tx) => {
        const begun = await tx
          .update(keyState)
          .set({ rotation, worker: null, leasedUntil: null })
          .where(sql`${keyState.rotation} is null or ${keyState.rotation} ? 'finishedAtMs'`)
          .returning({ id: keyState.id });
        if (begun.length > 0) await putDataKeys(tx, [dataKey]);
        return begun.length > 0;
      }),
    async claim(worker, leaseMs) {
      const claimed = await query(
        db,
        sql`update ${keyState} set worker = ${worker}, leased_until = ${leaseEnd(leaseMs)}
          where worker = ${worker} or leased_until is null or leased_until <= clock_timestamp() returning id`,
      );
      return claimed.length > 0 ? load(db) : undefined;
    },
    save: (worker, leaseMs, { primary, activeDataKey, rotation, dataKeys: changed = [], retired }) =>
      database.transaction(async (tx) => {
        const saved = await tx
          .update(keyState)
          .set({
            leasedUntil: leaseEnd(leaseMs),
            ...(primary === undefined ? {} : { primaryKey: primary }),
            ...(activeDataKey === undefined ? {} : { activeDataKey }),
            ...(rotation === undefined ? {} : { rotation }),
          })
          .where(sql`${keyState.worker} = ${worker} and ${keyState.leasedUntil} > clock_timestamp()`)
          .returning({ id: keyState.id });
        if (saved.length === 0) return false;
        await putDataKeys(tx, changed);
        if (retired) {
          const { ids, atMs } = retired;
          await tx
            .update(masterKeys)
            .set({ retiredAtMs: atMs })
            .where(inArray(masterKeys.id, [...ids]));
        }
        return true;
      }),
  };
}

/** In this order: a data key is there before it becomes the active one, and a master key before it wraps. */
async function load(db: Sql): Promise<KeyRecords | undefined> {
  const [state] = await db.select().from(keyState);
  if (!state) return undefined;
  const keys = await db.select().from(dataKeys).orderBy(asc(dataKeys.createdAtMs), asc(dataKeys.id));
  const masters = await db.select().from(masterKeys).orderBy(asc(masterKeys.addedAtMs), asc(masterKeys.id));
  const { installationId, primaryKey: primary, activeDataKey, rotation } = state;
  return {
    installationId,
    primary,
    ...(activeDataKey === null ? {} : { activeDataKey }),
    ...(rotation === null ? {} : { rotation }),
    masterKeys: masters.map(({ retiredAtMs, ...key }) => ({
      ...key,
      ...(retiredAtMs === null ? {} : { retiredAtMs }),
    })),
    dataKeys: keys,
  };
}

async function putMasterKey(db: Sql, { id, check, addedAtMs }: MasterKeyRecord): Promise<void> {
  await db
    .insert(masterKeys)
    .values({ id, check, addedAtMs, retiredAtMs: null })
    .onConflictDoUpdate({
      target: masterKeys.id,
      set: { check, addedAtMs, retiredAtMs: null },
      setWhere: sql`${masterKeys.retiredAtMs} is not null`,
    });
}

async function putDataKeys(db: Sql, keys: readonly DataKeyRecord[]): Promise<void> {
  if (keys.length === 0) return;
  await db
    .insert(dataKeys)
    .values([...keys])
    .onConflictDoUpdate({
      target: dataKeys.id,
      set: { wrappedBy: sql`excluded.wrapped_by`, wrapped: sql`excluded.wrapped` },
    });
}

function leaseEnd(leaseMs: number) {
  return sql`clock_timestamp() + ${leaseMs} * interval '1 millisecond'`;
}
