import { rmSync } from "node:fs";
import { openDownlink } from "../downlink-exchange.ts";
import { registerDevices, writeDevices } from "../fleet.ts";
import type { LoadOrder } from "../load/load.ts";
import { measure } from "../measure.ts";
import { countCommands } from "./command-counter.ts";
import type { BenchNodes } from "./start-nodes.ts";

const KINDS = ["mqttLogin", "httpLogin", "coapLogin", "mqttPublish", "httpPublish", "coapPublish"] as const;

/** How many commands reach Redis for one operation of a kind. */
export interface CommandsOf {
  readonly operation: LoadOrder["kind"] | "downlink";
  /** When it is the only one that is under way. */
  readonly alone: number;
  /** When fifty are, and what can be grouped is. */
  readonly crowded: number;
}

/** Enough that no device reaches the number of tokens at which its oldest go, which takes commands of its own. */
const DEVICES = 8_000;
const CROWD = 50;
const WINDOW_MS = 3_000;
const DOWNLINKS = 300;

/** Counts the commands of every kind of login, publish and downlink. Each login ends with the device hanging up, where it can. */
export async function countRedisCommands(nodes: BenchNodes, idleMs: number): Promise<readonly CommandsOf[]> {
  const { devices } = await registerDevices(nodes, DEVICES);
  const file = writeDevices(devices, "commands");
  const counter = await countCommands(nodes.redisPorts, idleMs);

  async function run(kind: LoadOrder["kind"], concurrency: number): Promise<number> {
    const [mqtt] = nodes.mqtt;
    const server = kind.startsWith("mqtt") ? mqtt : kind.startsWith("http") ? nodes.http : nodes.coap;
    const port = server?.ports[`TRINE_${kind.slice(0, 4).toUpperCase()}_PORT`] ?? 0;
    const order = { kind, port, devices: file, concurrency, warmUpMs: 0, windowMs: WINDOW_MS };
    return (await measure(server?.pid ?? 0, order)).operations;
  }

  async function downlink(crowd: number): Promise<number> {
    const lines = await Promise.all(
      devices
        .slice(0, crowd)
        .map((certificate, at) =>
          openDownlink({ api: nodes, holder: nodes.mqtt[at % nodes.mqtt.length], certificate }),
        ),
    );
    const each = Math.ceil(DOWNLINKS / crowd);
    const perMessage = await counter.perOperation(async () => {
      await Promise.all(
        lines.map(async ({ exchange }) => {
          for (let sent = 0; sent < each; sent += 1) await exchange();
        }),
      );
      return each * crowd;
    });
    await Promise.all(lines.map((line) => line.close()));
    return perMessage;
  }

  const counted: CommandsOf[] = [];
  for (const operation of KINDS) {
    const alone = await counter.perOperation(() => run(operation, 1));
    counted.push({ operation, alone, crowded: await counter.perOperation(() => run(operation, CROWD)) });
  }
  counted.push({ operation: "downlink", alone: await downlink(1), crowded: await downlink(CROWD) });
  counter.close();
  rmSync(file);
  return counted;
}
