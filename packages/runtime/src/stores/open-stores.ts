import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Recorder } from "@trine/core/ports";
import { createMemoryAttemptLimiter, createMemoryControlBus, createMemoryDeviceDirectory } from "@trine/memory";
import { createNatsUplinkLog, type NatsHandle, openNats } from "@trine/nats";
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
import { type FoundService, migrateServices, openServices } from "@trine/services";
import type { Complaint } from "../observe/health-server.ts";
import { StartError } from "../process/start-error.ts";
import { createUndo } from "../process/undo.ts";
import type { OpenStores, Stores } from "./stores.ts";

interface RedisLocation {
  readonly url: string;
  /** How many replicas must have a write before it is acknowledged. */
  readonly replicas: number;
  readonly caFile: string | undefined;
}

/** Where NATS JetStream is. */
interface NatsLocation {
  readonly url: string;
  readonly credentialsFile: string | undefined;
  /** Servers that keep the log, when its stream is made. */
  readonly replicas: number;
}

/** Where the stores are. */
export interface StoreLocations {
  /** Absent: embedded, in `dataFolder`. */
  readonly databaseUrl: string | undefined;
  /** Absent: kept in the SQL store and in this process. */
  readonly redis: RedisLocation | undefined;
  /** Absent: the uplink log is kept where the mailboxes are. */
  readonly nats: NatsLocation | undefined;
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
  deps: {
    clock: Clock;
    recorder: Recorder;
    timelineEvents: number;
    services: readonly FoundService[];
    publicUrl: string;
  },
): Promise<OpenStores> {
  const database = await openDatabase(where, deps);
  const undo = createUndo();
  undo.add(() => database.close());
  try {
    const redis = where.redis ? await connectRedis(where.redis, deps.recorder) : undefined;
    if (redis) undo.add(() => redis.close());
    const nats = where.nats ? await connectNats(where.nats, deps.recorder) : undefined;
    if (nats) undo.add(() => nats.close());
    const sql = {
      registry: createSqlDeviceRegistry(database),
      registrationNames: createSqlRegistrationNames(database),
      batches: createSqlBatchStore(database),
      packages: createSqlPackageStore(database),
      audit: createSqlAuditLog(database),
      apiKeys: createSqlApiKeyStore(database),
      accessKeys: createSqlAccessKeyStore(database),
      operatorSessions: createSqlOperatorSessionStore(database),
      keyStore: createSqlKeyStore(database),
      sealedRows: [
        createSqlSealedProducts(database),
        createSqlSealedDevices(database),
        createSqlSealedOwnAuthority(database),
        createSqlSealedAccessKeys(database),
      ],
      timeline: createSqlTimeline(database, { maxPerDevice: deps.timelineEvents }),
      x509: createSqlX509Store(database),
    };
    const stores: Stores = {
      ...sql,
      ...(redis ? redisPorts(redis) : singleProcessPorts(database, deps.clock)),
      ...(nats ? { uplinkLog: createNatsUplinkLog(nats) } : {}),
    };
    return {
      stores,
      complaints: () => complaintsOf({ database, redis, nats }),
      ...(database.kind === "pglite" ? { writeSnapshot: (file: string) => writeSnapshot(database, file) } : {}),
      openServices: (core, settings) =>
        openServices(
          deps.services.map(({ definition }) => definition),
          core,
          { database, dataFolder: where.dataFolder, publicUrl: deps.publicUrl, settings },
        ),
      close: () => undo.run(),
    };
  } catch (error) {
    await undo.run();
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

async function openDatabase(
  { databaseUrl, dataFolder }: StoreLocations,
  { recorder, services }: { recorder: Recorder; services: readonly FoundService[] },
): Promise<SqlDatabase> {
  const onFault = (error: unknown) => recorder.fault("database", error);
  try {
    const database = databaseUrl
      ? await openPostgres({ url: databaseUrl, onFault })
      : await openPglite({ dataDir: join(dataFolder ?? "", "database") });
    await migrate(database);
    await migrateServices(database, services);
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

async function connectRedis({ url, replicas, caFile }: RedisLocation, recorder: Recorder): Promise<RedisHandle> {
  const ca = caFile === undefined ? undefined : readCertificates(caFile);
  let redis: RedisHandle | undefined;
  try {
    const onFault = (error: unknown) => recorder.fault("redis", error);
    redis = await openRedis({ url, replicas, onFault, ...(ca === undefined ? {} : { ca }) });
    await redis.ping();
    return redis;
  } catch (error) {
    await redis?.close();
    throw new StartError(`cannot reach Redis at ${withoutPassword(url)}: ${reason(error)}; set REDIS_URL`);
  }
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StartError(`cannot read TRINE_REDIS_CA_FILE: ${reason(error)}`);
  }
}

async function connectNats({ url, credentialsFile, replicas }: NatsLocation, recorder: Recorder): Promise<NatsHandle> {
  try {
    return await openNats({
      url,
      replicas,
      onFault: (error: unknown) => recorder.fault("nats", error),
      ...(credentialsFile ? { credentialsFile } : {}),
    });
  } catch (error) {
    throw new StartError(`cannot use NATS JetStream at ${withoutPassword(url)}: ${reason(error)}; set UPLINK_URL`);
  }
}

interface Servers {
  readonly database: SqlDatabase;
  readonly redis: RedisHandle | undefined;
  readonly nats: NatsHandle | undefined;
}

async function complaintsOf({ database, redis, nats }: Servers): Promise<readonly Complaint[]> {
  const complaints: Complaint[] = [];
  await database
    .ping()
    .catch((error: unknown) => complaints.push({ part: "database", detail: reason(error), severity: "error" }));
  for (const [part, server] of [
    ["redis", redis],
    ["nats", nats],
  ] as const) {
    if (!server) continue;
    try {
      await server.ping();
      for (const complaint of await server.checkDurability()) complaints.push({ part, ...complaint });
    } catch (error) {
      complaints.push({ part, detail: reason(error), severity: "error" });
    }
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
