import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, startRedis, startRedisCluster } from "@trine/testkit/servers";
import { ADMIN_KEY, type BenchApi, type BenchServer, sharedEnvironment, startApp } from "../servers.ts";

/** Several MQTT processes, and one of each other kind, on the same stores. */
export interface BenchNodes extends BenchApi {
  readonly name: string;
  readonly mqtt: readonly BenchServer[];
  readonly http: BenchServer;
  readonly coap: BenchServer;
  /** Of every Redis server. */
  readonly redisPorts: readonly number[];
  /** Starts a process of every protocol and the REST API as one more node. */
  startGateway(): Promise<BenchServer & BenchApi>;
  stop(): Promise<void>;
}

const MQTT_NODES = 3;

/** Where the nodes keep what they share; every write is on the disk before its answer. */
const REDIS = {
  async redis() {
    const server = await startRedis({ appendfsync: "always" });
    return { url: server.url, ports: [server.port], dispose: server.dispose };
  },
  async cluster() {
    const servers = await startRedisCluster({ replicas: 0 });
    return { url: servers.url, ports: servers.members.map(({ port }) => port), dispose: servers.dispose };
  },
};

/** A Redis server, or a Redis Cluster of three. */
export type RedisShape = keyof typeof REDIS;

/**
 * Starts the stores on the load's core, where this process is, and the nodes on the other.
 *
 * @param options.settings of every process, beside those of all benchmarks.
 */
export async function startNodes(
  shape: RedisShape,
  { mqttNodes = MQTT_NODES, settings = {} }: { mqttNodes?: number; settings?: Readonly<Record<string, string>> } = {},
): Promise<BenchNodes> {
  const folder = mkdtempSync(join(tmpdir(), "trine-bench-"));
  const [postgres, redis] = await Promise.all([startPostgres({ durable: true }), REDIS[shape]()]);
  const stores = { folder, databaseUrl: await postgres.createDatabase(), redisUrl: redis.url };
  const environment = { ...sharedEnvironment(stores), ...settings };
  // The first makes the tables; the others come at once.
  const admin = await startApp("admin", environment);
  const [http, coap, ...mqtt] = await Promise.all([
    startApp("http", environment),
    startApp("coap", environment),
    ...Array.from({ length: mqttNodes }, () => startApp("mqtt", environment)),
  ]);
  return {
    name: shape === "cluster" ? "Redis Cluster of 3 + Postgres" : "Redis + Postgres",
    mqtt,
    http,
    coap,
    redisPorts: redis.ports,
    adminPort: admin.ports.TRINE_ADMIN_PORT ?? 0,
    adminKey: ADMIN_KEY,
    async startGateway() {
      const gateway = await startApp("gateway", environment);
      return { ...gateway, adminPort: gateway.ports.TRINE_ADMIN_PORT ?? 0, adminKey: ADMIN_KEY };
    },
    async stop() {
      await Promise.all([admin, http, coap, ...mqtt].map((server) => server.stop()));
      await Promise.all([postgres.dispose(), redis.dispose()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
