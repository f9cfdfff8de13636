import { startRedisCluster } from "@trine/testkit/servers";
import { describeRedisContracts } from "./describe-redis-contracts.ts";

describeRedisContracts("Redis Cluster of three, with replicas", startRedisCluster, { replicas: 1 });
