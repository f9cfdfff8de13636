import type { ManyNodes } from "../many-nodes.ts";
import type { Verdict } from "../traffic/judge.ts";
import { overCoap, overCoapObserve } from "../traffic/over-coap.ts";
import { overHttp } from "../traffic/over-http.ts";
import { overMqtt } from "../traffic/over-mqtt.ts";
import { pause } from "../traffic/pause.ts";
import { startTraffic } from "../traffic/traffic.ts";

const MOVES_WITHIN_MS = 800;

/** One device a protocol, and one that speaks two at once. */
const PLANS = [[overMqtt], [overHttp], [overCoap], [overCoapObserve], [overMqtt, overHttp]];

/**
 * No fault at all: devices go from node to node of themselves, all the time, in every way in which a device can go, for `forMs`, under traffic
 * both ways.
 */
export async function roamingRound(trine: ManyNodes, forMs: number): Promise<Verdict> {
  const traffic = await startTraffic(
    trine,
    PLANS.map((protocols) => ({ protocols, movesWithinMs: MOVES_WITHIN_MS })),
  );
  await pause(forMs);
  await traffic.flows();
  return traffic.finish();
}
