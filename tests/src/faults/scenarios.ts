import { gatewayFrozen } from "./gateway-frozen.ts";
import { gatewayKilled } from "./gateway-killed.ts";
import { keysRotated } from "./keys-rotated.ts";
import { networkCut, networkSlow } from "./network-faults.ts";
import { redisPrimaryKilled } from "./redis-primary-killed.ts";
import { postgresKilled, redisKilled } from "./stores-down.ts";

/** Faults of three gateways on one Redis. */
export const SCENARIOS = [
  gatewayKilled,
  redisKilled,
  postgresKilled,
  gatewayFrozen,
  networkCut,
  networkSlow,
  keysRotated,
] as const;

/** Faults of three gateways on a Redis Cluster. */
export const CLUSTER_SCENARIOS = [redisPrimaryKilled] as const;
