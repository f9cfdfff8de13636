export { captureHello } from "./capture-hello.ts";
export { freePort } from "./free-port.ts";
export { createTestDatabase } from "./shared-postgres.ts";
export {
  type ProcessEnd,
  type ProcessOptions,
  ProcessStartError,
  type RunningProcess,
  spawnProcess,
} from "./spawn-process.ts";
export { startNats } from "./start-nats.ts";
export { type PostgresOptions, type PostgresServer, startPostgres } from "./start-postgres.ts";
export { type RedisOptions, startRedis } from "./start-redis.ts";
export { type RedisClusterServers, startRedisCluster } from "./start-redis-cluster.ts";
export { type RedisSentinelServers, startRedisSentinel } from "./start-redis-sentinel.ts";
export { startTransit, type TransitServer } from "./start-transit.ts";
export { makeTempFolder, type TempFolder } from "./temp-folder.ts";
export type { TestServer } from "./test-server.ts";
