import { connectMqtt } from "@trine/device";
import type { GatewayNode, ManyNodes } from "../many-nodes.ts";
import type { TcpProxy } from "../network/tcp-proxy.ts";
import { pause, within } from "../traffic/pause.ts";
import type { Scenario } from "./scenario.ts";

const LASTS_MS = 10_000;
const SLOW_MS = 2_000;
/** The lease of the node, which it cannot renew, and a moment. */
const CUT_WITHIN_MS = 7_000;

/** One gateway cannot reach Redis: nothing comes through, nothing is refused. It has to let its devices go. */
export const networkCut: Scenario = {
  name: "network cut",
  async strike(trine, traffic) {
    const { node, wire } = cuttable(trine);
    const certificate = await traffic.witness({ connects: true });
    const witness = await connectMqtt({ host: "127.0.0.1", port: node.ports.mqtt, certificate });
    wire.cut();
    const lasts = pause(LASTS_MS);
    try {
      const wasLetGo = await within(CUT_WITHIN_MS, witness.closed).then(
        () => true,
        () => false,
      );
      const readiness = await fetch(`http://127.0.0.1:${node.metricsPort}/readyz`);
      await lasts;
      return [
        ...(wasLetGo ? [] : ["a device stayed connected to a node that has no Redis"]),
        ...(readiness.status === 503 ? [] : [`a node that has no Redis is ready (${readiness.status})`]),
      ];
    } finally {
      wire.pass();
      witness.destroy();
    }
  },
};

/** Everything between one gateway and Redis takes 2 s longer, in each direction. */
export const networkSlow: Scenario = {
  name: "network delayed by 2 s",
  async strike(trine) {
    const { wire } = cuttable(trine);
    wire.delay(SLOW_MS);
    await pause(LASTS_MS);
    wire.pass();
    return [];
  },
};

function cuttable({ nodes, wire }: ManyNodes): { node: GatewayNode; wire: TcpProxy } {
  const node = nodes.at(-1);
  if (!node || !wire) throw new Error("only with a single Redis is there a wire to cut");
  return { node, wire };
}
