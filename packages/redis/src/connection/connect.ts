import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisLocation } from "./parse-redis-url.ts";

// A command that Redis does not answer in this time has failed, though it may still be carried out.
const COMMAND_TIMEOUT_MS = 900;
const CONNECT_TIMEOUT_MS = 1_000;
// A connection that hangs does not take part in its own end.
const DISCONNECT_TIMEOUT_MS = 100;
const LONGEST_RETRY_MS = 1_000;

type TlsOptions = { readonly ca?: string } | undefined;

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
export async function connect(
  location: RedisLocation,
  { ca, onFault }: { ca: string | undefined; onFault: (error: unknown) => void },
): Promise<Redis | Cluster> {
  const tls = location.tls ? { ...(ca === undefined ? {} : { ca }) } : undefined;
  const client = location.kind === "cluster" ? newCluster(location, tls) : newRedis(location, tls);
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

function newRedis(location: Exclude<RedisLocation, { kind: "cluster" }>, tls: TlsOptions): Redis {
  const place =
    location.kind === "server"
      ? { host: location.host, port: location.port, db: location.db }
      : {
          sentinels: [...location.nodes],
          name: location.name,
          sentinelRetryStrategy: retryDelayMs,
          sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
          ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
        };
  return new Redis({
    ...place,
    ...connectionOptions(location, tls),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    retryStrategy: retryDelayMs,
    // After a failover the old primary refuses writes: connect to the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
}

function newCluster(location: Extract<RedisLocation, { kind: "cluster" }>, tls: TlsOptions): Cluster {
  return new Cluster([...location.nodes], {
    redisOptions: connectionOptions(location, tls),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    clusterRetryStrategy: retryDelayMs,
    // Certificates of managed clusters name hosts, which must not be resolved before.
    ...(tls ? { dnsLookup: (address, done) => done(null, address) } : {}),
    maxRedirections: 4,
    // A command that was on its way when its server died may have been carried out: it fails, and is not sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 200,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // A pipeline that is redirected in part fails in part: learn soon where the slots are now.
    slotsRefreshInterval: 1_000,
  });
}

function connectionOptions({ username, password }: RedisLocation, tls: TlsOptions) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls } : {}),
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
    // A Cluster is asked for its slots on a new connection each time.
    disableClientInfo: true,
  } satisfies RedisOptions;
}
