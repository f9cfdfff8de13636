import { setTimeout as wait } from "node:timers/promises";
import type { BenchDevice } from "../bench-devices.ts";
import { call } from "../fleet.ts";
import { openIdle } from "../idle-connections.ts";
import { residentBytes } from "../measure.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import type { BenchNodes } from "./start-nodes.ts";

/** What revocations took while every node was full of connections. */
export interface RevocationFigures {
  /** As the answer states it: until every live node had acknowledged. */
  readonly elapsed: Distribution;
  /** Of the whole request. */
  readonly wall: Distribution;
  /** Nodes that acknowledged. */
  readonly nodes: number;
  /** Resident memory that one idle connection takes, in bytes. */
  readonly bytesPerConnection: number;
}

const SETTLE_MS = 3_000;

/**
 * Connects every device, spread over the MQTT nodes, and disables some, drawn at random, one after the other.
 *
 * @throws when a revocation closed anything but one connection.
 */
export async function measureRevocation(
  nodes: BenchNodes,
  devices: readonly BenchDevice[],
  revocations: number,
): Promise<RevocationFigures> {
  const resident = () => nodes.mqtt.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  const before = resident();
  const idle = await Promise.all(
    nodes.mqtt.map((server, node) =>
      openIdle(
        server,
        devices.filter((_, at) => at % nodes.mqtt.length === node),
      ),
    ),
  );
  await wait(SETTLE_MS);
  const bytesPerConnection = (resident() - before) / devices.length;
  const elapsed: number[] = [];
  const wall: number[] = [];
  let acknowledged = Number.POSITIVE_INFINITY;
  for (const { productKey, deviceName } of draw(devices, revocations)) {
    const began = performance.now();
    const revoked = (await call(nodes, "POST", `/v1/products/${productKey}/devices/${deviceName}/disable`)) as {
      closedSessions: number;
      nodes: number;
      elapsedMs: number;
    };
    wall.push(performance.now() - began);
    elapsed.push(revoked.elapsedMs);
    acknowledged = Math.min(acknowledged, revoked.nodes);
    if (revoked.closedSessions !== 1) throw new Error(`a revocation closed ${revoked.closedSessions} connections`);
  }
  for (const { close } of idle) close();
  return { elapsed: distributionOf(elapsed), wall: distributionOf(wall), nodes: acknowledged, bytesPerConnection };
}

function draw<T>(all: readonly T[], count: number): readonly T[] {
  return all
    .map((each) => ({ each, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .slice(0, count)
    .map(({ each }) => each);
}
