import { describeFaults } from "../src/faults/describe-faults.ts";
import { gatewayFrozen } from "../src/faults/gateway-frozen.ts";
import { onOneRedis } from "../src/faults/starts.ts";

describeFaults([gatewayFrozen], onOneRedis);
