import { randomInt } from "node:crypto";
import { connectMqtt } from "@trine/device";
import type { GatewayNode } from "../many-nodes.ts";
import type { Scenario } from "./scenario.ts";
import { waitForStatus } from "./wait-for-status.ts";

/** Noticed in under 5 s, and written behind. */
const OFFLINE_WITHIN_MS = 8_000;

/** SIGKILL to one of the gateways, which starts again later. A device that was on it and stays away must be offline, once (as the traffic judges). */
export const gatewayKilled: Scenario = {
  name: "gateway killed",
  async strike({ nodes }, traffic) {
    const victim = pick(nodes);
    const survivors = nodes.filter((node) => node !== victim);
    const certificate = await traffic.witness({ connects: true });
    const witness = await connectMqtt({ host: "127.0.0.1", port: victim.ports.mqtt, certificate });
    await waitForStatus(survivors, certificate, { status: "ONLINE", withinMs: 3_000 });
    await victim.app.kill();
    await witness.closed;
    const late = await waitForStatus(survivors, certificate, { status: "OFFLINE", withinMs: OFFLINE_WITHIN_MS });
    await victim.app.start();
    return late;
  },
};

/** Any of the nodes. */
export function pick(nodes: readonly GatewayNode[]): GatewayNode {
  const picked = nodes[randomInt(nodes.length)];
  if (!picked) throw new Error("there is no node");
  return picked;
}
