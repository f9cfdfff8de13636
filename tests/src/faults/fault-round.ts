import type { ManyNodes, NodesRedis } from "../many-nodes.ts";
import type { Verdict } from "../traffic/judge.ts";
import { overCoap, overCoapObserve } from "../traffic/over-coap.ts";
import { overHttp } from "../traffic/over-http.ts";
import { overMqtt } from "../traffic/over-mqtt.ts";
import { type DevicePlan, startTraffic } from "../traffic/traffic.ts";
import type { Scenario } from "./scenario.ts";

const DEVICES: readonly DevicePlan[] = [
  ...Array.from({ length: 6 }, () => ({ protocols: [overMqtt] })),
  ...Array.from({ length: 2 }, () => ({ protocols: [overHttp] })),
  { protocols: [overCoap] },
  { protocols: [overCoapObserve] },
  { protocols: [] },
];

/** Strikes once in the middle of traffic both ways, and judges what came of it. Traffic has to flow again before the end. */
export async function faultRound<R extends NodesRedis>(scenario: Scenario<R>, trine: ManyNodes<R>): Promise<Verdict> {
  const traffic = await startTraffic(trine, DEVICES);
  await traffic.flows();
  const wrong = await scenario.strike(trine, traffic);
  await traffic.flows();
  const verdict = await traffic.finish();
  return { ...verdict, wrong: [...wrong, ...verdict.wrong] };
}
