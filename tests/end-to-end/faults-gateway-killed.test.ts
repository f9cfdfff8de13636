import { describeFaults } from "../src/faults/describe-faults.ts";
import { gatewayKilled } from "../src/faults/gateway-killed.ts";
import { onOneRedis } from "../src/faults/starts.ts";

describeFaults([gatewayKilled], onOneRedis);
