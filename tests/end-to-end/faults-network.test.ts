import { describeFaults } from "../src/faults/describe-faults.ts";
import { networkCut, networkSlow } from "../src/faults/network-faults.ts";
import { onOneRedis } from "../src/faults/starts.ts";

describeFaults([networkCut, networkSlow], onOneRedis);
