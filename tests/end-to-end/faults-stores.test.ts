import { describeFaults } from "../src/faults/describe-faults.ts";
import { onOneRedis } from "../src/faults/starts.ts";
import { postgresKilled, redisKilled } from "../src/faults/stores-down.ts";

describeFaults([redisKilled, postgresKilled], onOneRedis);
