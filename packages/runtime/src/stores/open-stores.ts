import { join } from "node:path";
import type { Clock, Recorder } from "@trine/core/ports";
import { createMemoryAttemptLimiter, createMemoryControlBus, createMemoryDeviceDirectory } from "@trine/memory";
import {
  createSqlAuditLog,
  createSqlBatchStore,
  createSqlDeviceRegistry,
  createSqlMailbox,
  createSqlSessionStore,
  createSqlSubscriptionStore,
  createSqlUplinkLog,
  migrate,
  openPglite,
  openPostgres,
  type SqlDatabase,
  writeSnapshot,
} from "@trine/postgres";
import {
  createRedisAttemptLimiter,
  createRedisControlBus,
  createRedisDeviceDirectory,
  createRedisMailbox,
  createRedisSessionStore,
  createRedisSubscriptionStore,
  createRedisUplinkLog,
  openRedis,
  type RedisHandle,
} from "@trine/redis";
import type { Complaint } from "../observe/health-server.ts";
import { StartError } from "../process/start-error.ts";
import type { OpenStores, Stores } from "./stores.ts";

/** Where the stores are. */
export interface StoreLocations {
  /** Absent: embedded, in `dataFolder`. */
  readonly databaseUrl: string | undefined;
  /** Absent: kept in the SQL store and in this process. */
  readonly redisUrl: string | undefined;
  /** Required without `databaseUrl`. */
  readonly dataFolder: string | undefined;
}

/**
 * Opens every store and brings the database's tables up to date. The only place that knows which store stands behind which port.
 *
 * @throws StartError when a store cannot be reached.
 */
export async function openStores(
  where: StoreLocations,
  deps: { clock: Clock; recorder: Recorder },
): Promise<OpenStores> {
  const database = await openDatabase(where, deps.recorder);
  try {
    const redis = where.redisUrl ? await connectRedis(where.redisUrl, deps.recorder) : undefined;
    const sql = {
      registry: createSqlDeviceRegistry(database),
      batches: createSqlBatchStore(database),
      audit: createSqlAuditLog(database),
    };
    const stores: Stores = { ...sql, ...(redis ? redisPorts(redis) : singleProcessPorts(database, deps.clock)) };
    return {
      stores,
      complaints: () => complaintsOf(database, redis),
      ...(database.kind === "pglite" ? { writeSnapshot: (file: string) => writeSnapshot(database, file) } : {}),
      async close() {
        await redis?.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function redisPorts(redis: RedisHandle) {
  return {
    sessions: createRedisSessionStore(redis),
    subscriptions: createRedisSubscriptionStore(redis),
    directory: createRedisDeviceDirectory(redis),
    limiter: createRedisAttemptLimiter(redis),
    mailbox: createRedisMailbox(redis),
    uplinkLog: createRedisUplinkLog(redis),
    bus: createRedisControlBus(redis),
  };
}

// What must survive the process is in SQL; who is connected, and who failed to log in, dies with it.
function singleProcessPorts(database: SqlDatabase, clock: Clock) {
  return {
    sessions: createSqlSessionStore(database),
    subscriptions: createSqlSubscriptionStore(database),
    directory: createMemoryDeviceDirectory({ clock }),
    limiter: createMemoryAttemptLimiter({ clock }),
    mailbox: createSqlMailbox(database),
    uplinkLog: createSqlUplinkLog(database),
    bus: createMemoryControlBus(),
  };
}

async function openDatabase({ databaseUrl, dataFolder }: StoreLocations, recorder: Recorder): Promise<SqlDatabase> {
  const onFault = (error: unknown) => recorder.fault("database", error);
  try {
    const database = databaseUrl
      ? await openPostgres({ url: databaseUrl, onFault })
      : await openPglite({ dataDir: join(dataFolder ?? "", "database") });
    await migrate(database);
    return database;
  } catch (error) {
    const place = databaseUrl
      ? `the database at ${withoutPassword(databaseUrl)}`
      : `the embedded database in ${dataFolder}`;
    throw new StartError(
      `cannot use ${place}: ${reason(error)}; set ${databaseUrl ? "DATABASE_URL" : "TRINE_DATA_DIR"}`,
    );
  }
}

async function connectRedis(url: string, recorder: Recorder): Promise<RedisHandle> {
  let redis: RedisHandle | undefined;
  try {
    redis = await openRedis({ url, onFault: (error: unknown) => recorder.fault("redis", error) });
    await redis.ping();
    return redis;
  } catch (error) {
    await redis?.close();
    throw new StartError(`cannot reach Redis at ${withoutPassword(url)}: ${reason(error)}; set REDIS_URL`);
  }
}

async function complaintsOf(database: SqlDatabase, redis: RedisHandle | undefined): Promise<readonly Complaint[]> {
  const complaints: Complaint[] = [];
  await database
    .ping()
    .catch((error: unknown) => complaints.push({ part: "database", detail: reason(error), severity: "error" }));
  if (!redis) return complaints;
  try {
    await redis.ping();
    for (const detail of await redis.checkDurability()) complaints.push({ part: "redis", detail, severity: "warning" });
  } catch (error) {
    complaints.push({ part: "redis", detail: reason(error), severity: "error" });
  }
  return complaints;
}

/** The innermost message: drivers wrap the fault that a reader needs. */
function reason(error: unknown): string {
  let inner = error as Error & { errors?: Error[] };
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner.message || inner.errors?.[0]?.message || inner.name;
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
