import { startRedis, startRedisCluster } from "@trine/testkit/servers";
import { startManyNodes } from "../many-nodes.ts";
import { steadyPort } from "../network/steady-port.ts";

/** Three gateways on one Redis, as durable as production asks for. */
export const onOneRedis = () =>
  startManyNodes(async () => startRedis({ port: await steadyPort(), appendfsync: "always" }));

/** Three gateways on three primaries, each with a replica that has a write before it is acknowledged. */
export const onRedisCluster = () =>
  startManyNodes(() => startRedisCluster({ replicas: 1 }), { TRINE_REDIS_REPLICAS: "1" });
