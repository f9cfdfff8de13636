import { startRedisSentinel } from "@trine/testkit/servers";
import { describeRedisContracts } from "./describe-redis-contracts.ts";

describeRedisContracts("Redis behind sentinels", startRedisSentinel, { replicas: 1 });
