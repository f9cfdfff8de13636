import { mutate } from "../mutate.ts";
import { requestHeads } from "../targets/channel-bytes.ts";
import { mqttFrames } from "../targets/mqtt-frames.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { drip } from "./throw-bytes.ts";

const PORTS = [
  "TRINE_MQTT_PORT",
  "TRINE_MQTTS_PORT",
  "TRINE_ALL_PORT",
  "TRINE_HTTP_PORT",
  "TRINE_HTTPS_PORT",
  "TRINE_ADMIN_PORT",
] as const;
const AT_ONCE = 40;
const MOST_BYTES = 12;

/** Clients that take their time on every port, many at once. */
export function slowAttacks({ ports, hello }: Battlefield & { hello: Buffer }): readonly Attack[] {
  return [
    {
      name: "TCP, a byte a second",
      atOnce: AT_ONCE,
      run(random) {
        const make = random.pick([
          () => mqttFrames.make(random).bytes,
          () => requestHeads.make(random),
          () => mutate(random, hello),
        ]);
        return drip({ port: ports[random.pick(PORTS)] ?? 0, bytes: make().subarray(0, random.between(1, MOST_BYTES)) });
      },
    },
  ];
}
