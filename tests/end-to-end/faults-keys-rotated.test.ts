import { describeFaults } from "../src/faults/describe-faults.ts";
import { keysRotated } from "../src/faults/keys-rotated.ts";
import { onOneRedis } from "../src/faults/starts.ts";

describeFaults([keysRotated], onOneRedis);
