import { readFileSync } from "node:fs";
import type { BenchDevice } from "../bench-devices.ts";
import { coapLogin, coapPublish } from "./coap-load.ts";
import { httpLogin, httpPublish } from "./http-load.ts";
import { createLatencies } from "./latencies.ts";
import { mqttLogin, mqttPropertyPost, mqttPublish } from "./mqtt-load.ts";
import type { Operation } from "./operation.ts";

/** What a load process is told, as its one argument. */
export interface LoadOrder {
  readonly kind: keyof typeof KINDS;
  readonly port: number;
  /** A JSON file of `BenchDevice[]`. */
  readonly devices: string;
  /** How many operations are under way at once. */
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Every device is used once only, so that no cache helps. The run ends when they are used up. */
  readonly once?: boolean;
}

/** What a load process says at the end of its window. */
export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const KINDS = {
  mqttLogin,
  mqttPublish,
  mqttPropertyPost,
  httpLogin,
  httpPublish,
  coapLogin,
  coapPublish,
} satisfies Record<string, Operation>;

const order = JSON.parse(process.argv[2] ?? "{}") as LoadOrder;
const devices = JSON.parse(readFileSync(order.devices, "utf8")) as readonly BenchDevice[];
const latencies = createLatencies();
let failures = 0;
let used = 0;
let stopped = false;

const next = (): BenchDevice | undefined => {
  if (order.once && used >= devices.length) return undefined;
  used += 1;
  return devices[(used - 1) % devices.length];
};

async function work(): Promise<void> {
  const operate = await KINDS[order.kind]({ port: order.port, next });
  while (!stopped) {
    if (order.once && used >= devices.length) return;
    const began = performance.now();
    if (await operate()) latencies.add(performance.now() - began);
    else failures += 1;
  }
}

const workers = Promise.all(Array.from({ length: order.concurrency }, work));
await pass(order.warmUpMs);
latencies.reset();
failures = 0;
const began = performance.now();
console.log("begin");
await (order.once ? Promise.race([workers, pass(order.windowMs)]) : pass(order.windowMs));
const seconds = (performance.now() - began) / 1_000;
const result: LoadResult = {
  operations: latencies.count,
  seconds,
  p50Ms: latencies.percentile(0.5),
  p99Ms: latencies.percentile(0.99),
  failures,
};
console.log(`end ${JSON.stringify(result)}`);
stopped = true;
process.exit(0);

function pass(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
