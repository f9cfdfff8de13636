import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate, type DeviceConnection } from "@trine/device";
import { topicOf } from "../fleet.ts";
import type { GatewayNode } from "../many-nodes.ts";
import { callAnyNode } from "../traffic/any-node.ts";
import { pause, within } from "../traffic/pause.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { pick } from "./gateway-killed.ts";
import type { Scenario } from "./scenario.ts";

const FROZEN_MS = 15_000;
const LET_GO_WITHIN_MS = 4_000;
const HOST = "127.0.0.1";
const STALE = "stale";
/** No retransmission: one that comes after the node has woken, and has its lease again, is served like any other. */
const ONE_DATAGRAM_MS = 60_000;

/**
 * SIGSTOP to one of the gateways, SIGCONT 15 s later. Devices that it held have moved on; what waits in its sockets must not be served when it
 * wakes: neither of a device that stayed, nor of one that was disabled meanwhile.
 */
export const gatewayFrozen: Scenario = {
  name: "gateway frozen for 15 s",
  async strike({ nodes }, traffic) {
    const victim = pick(nodes);
    const others = nodes.filter((node) => node !== victim);
    const witnesses = await Promise.all(
      PROTOCOLS.flatMap((protocol) => [meet(protocol, victim, traffic), meet(protocol, victim, traffic)]),
    );
    const disabled = witnesses.filter((_, at) => at % 2 === 1);
    victim.app.freeze();
    const lasts = pause(FROZEN_MS);
    try {
      await Promise.all(disabled.map(({ certificate }) => change(others, certificate, "disable")));
      for (const witness of witnesses) witness.publishStale();
      await lasts;
    } finally {
      victim.app.thaw();
    }
    await pause(LET_GO_WITHIN_MS);
    const stale = traffic.read.filter(({ text }) => text === STALE).map(({ deviceName }) => deviceName);
    const wrong = await Promise.all(witnesses.map((witness) => witness.complaints(stale)));
    await Promise.all(disabled.map(({ certificate }) => change(others, certificate, "enable")));
    return wrong.flat();
  },
};

/** `closed`: what ends when the gateway ends it, on a protocol with connections. */
interface Held {
  readonly connection: DeviceConnection;
  readonly closed?: Promise<void>;
}

interface WitnessProtocol {
  readonly hasPresence: boolean;
  connect(node: GatewayNode, certificate: DeviceCertificate): Promise<Held>;
}

const PROTOCOLS: readonly WitnessProtocol[] = [
  {
    hasPresence: true,
    async connect({ ports }, certificate) {
      const connection = await connectMqtt({ host: HOST, port: ports.mqtt, certificate });
      return { connection, closed: connection.closed };
    },
  },
  {
    hasPresence: false,
    connect: async ({ ports }, certificate) => ({
      connection: await connectHttp({ host: HOST, port: ports.http, certificate }),
    }),
  },
  {
    hasPresence: false,
    connect: async ({ ports }, certificate) => ({
      connection: await connectCoap({
        host: HOST,
        port: ports.coap,
        certificate,
        mode: "plain",
        ackTimeoutMs: ONE_DATAGRAM_MS,
      }),
    }),
  },
];

interface Witness {
  readonly certificate: DeviceCertificate;
  /** Writes a message into the socket of the frozen node. */
  publishStale(): void;
  /** What the woken node did that it must not. `stale`: devices whose message is in the log. */
  complaints(stale: readonly string[]): Promise<readonly string[]>;
}

async function meet(protocol: WitnessProtocol, node: GatewayNode, traffic: Traffic): Promise<Witness> {
  const certificate = await traffic.witness({ connects: protocol.hasPresence });
  const { deviceName } = certificate;
  const { connection, closed = Promise.resolve() } = await protocol.connect(node, certificate);
  let wasAcknowledged = false;
  return {
    certificate,
    publishStale() {
      connection.publish({ topic: topicOf(certificate, "user/update"), payload: STALE }).then(
        () => {
          wasAcknowledged = true;
        },
        () => undefined,
      );
    },
    async complaints(stale) {
      const wasLetGo = await within(LET_GO_WITHIN_MS, closed).then(
        () => true,
        () => false,
      );
      await connection.close();
      return [
        ...(wasAcknowledged ? [`${deviceName}: the woken node acknowledged what waited in its sockets`] : []),
        ...(stale.includes(deviceName) ? [`${deviceName}: the woken node stored what waited in its sockets`] : []),
        ...(wasLetGo ? [] : [`${deviceName}: the woken node kept the connection`]),
      ];
    },
  };
}

async function change(
  nodes: readonly GatewayNode[],
  { productKey, deviceName }: DeviceCertificate,
  how: "disable" | "enable",
): Promise<void> {
  await callAnyNode(nodes)({ method: "POST", path: `/v1/products/${productKey}/devices/${deviceName}/${how}` });
}
