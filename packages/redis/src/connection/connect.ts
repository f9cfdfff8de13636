import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisLocation } from "./parse-redis-url.ts";

// A command that Redis does not answer in this time has failed, though it may still be carried out.
const COMMAND_TIMEOUT_MS = 900;
const CONNECT_TIMEOUT_MS = 1_000;
const LONGEST_RETRY_MS = 1_000;

const retryDelayMs = (attempt: number) => Math.min(50 * attempt, LONGEST_RETRY_MS);

/**
 * Connects, once, and reconnects from then on.
 *
 * While there is no connection commands fail at once: nothing is queued for later and nothing is sent again, since the caller was told
 * that it failed.
 *
 * Commands of one turn of the event loop travel together. They keep their order: one pipeline at a time goes to a server.
 *
 * @throws the reason when the first attempt fails.
 */
export async function connect(location: RedisLocation, onFault: (error: unknown) => void): Promise<Redis | Cluster> {
  const client = location.kind === "cluster" ? newCluster(location) : newRedis(location);
  let latest: unknown;
  client.on("error", (error: unknown) => {
    latest = error;
    onFault(error);
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw latest ?? error;
  }
}

function newRedis(location: Exclude<RedisLocation, { kind: "cluster" }>): Redis {
  const { tls } = location;
  const place =
    location.kind === "server"
      ? { host: location.host, port: location.port, db: location.db }
      : {
          sentinels: [...location.nodes],
          name: location.name,
          sentinelRetryStrategy: retryDelayMs,
          ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        };
  return new Redis({
    ...place,
    ...connectionOptions(location),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: retryDelayMs,
    // After a failover the old primary refuses writes: connect to the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
}

function newCluster(location: Extract<RedisLocation, { kind: "cluster" }>): Cluster {
  return new Cluster([...location.nodes], {
    redisOptions: connectionOptions(location),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    clusterRetryStrategy: retryDelayMs,
    // Certificates of managed clusters name hosts, which must not be resolved before.
    ...(location.tls ? { dnsLookup: (address, done) => done(null, address) } : {}),
    maxRedirections: 4,
    retryDelayOnFailover: 200,
    retryDelayOnClusterDown: 200,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // A pipeline that is redirected in part fails in part: learn soon where the slots are now.
    slotsRefreshInterval: 1_000,
  });
}

function connectionOptions({ tls, username, password }: RedisLocation) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
  } satisfies RedisOptions;
}
