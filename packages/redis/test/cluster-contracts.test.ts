import { describeRedisContracts } from "./describe-redis-contracts.ts";
import { startRedisCluster } from "./start-redis-cluster.ts";

describeRedisContracts("Redis Cluster of three", startRedisCluster);
