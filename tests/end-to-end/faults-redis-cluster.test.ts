import { describeFaults } from "../src/faults/describe-faults.ts";
import { redisPrimaryKilled } from "../src/faults/redis-primary-killed.ts";
import { onRedisCluster } from "../src/faults/starts.ts";

describeFaults([redisPrimaryKilled], onRedisCluster);
