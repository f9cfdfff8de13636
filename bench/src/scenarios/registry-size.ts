import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { openPostgres } from "@trine/postgres";
import { startPostgres } from "@trine/testkit/servers";
import { moveToLoadCore } from "../cores.ts";
import { writeDevices } from "../fleet.ts";
import { measure } from "../measure.ts";
import { postgresCpuSeconds } from "../postgres-cpu.ts";
import { type RegistryOfSize, startRegistryOfSize } from "../registry-of-size.ts";
import { createReport } from "../report.ts";

// npm run bench:registry-size [-- --sizes 1000,100000,1000000]: whether an operation costs more the more devices are registered.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    passes: { type: "string", default: "5" },
    sizes: { type: "string", default: "1000,100000,1000000" },
  },
});
const windowMs = Number(values.seconds) * 1_000;
const WARM_UP_MS = 1_500;
const CONCURRENCY = 50;

const OPERATIONS = {
  "MQTT login, record at hand": { kind: "mqttLogin", on: "remembering" },
  "MQTT login, record in Postgres": { kind: "mqttLogin", on: "forgetful" },
  "MQTT publish": { kind: "mqttPublish", on: "remembering" },
} as const;
type OperationName = keyof typeof OPERATIONS;
const NAMES = Object.keys(OPERATIONS) as OperationName[];

/** Microseconds of CPU for one operation: of the MQTT process, and of Postgres. */
interface Cost {
  readonly server: number;
  readonly postgres: number;
}

moveToLoadCore();
const report = createReport();
report.machine();
const postgres = await startPostgres({ durable: true, settings: { shared_buffers: "512MB", max_wal_size: "4GB" } });
const observer = await openPostgres({ url: postgres.url, onFault: console.error });
const registries: { registry: RegistryOfSize; file: string; costs: Map<OperationName, Cost[]> }[] = [];
for (const size of values.sizes.split(",").map(Number)) {
  const registry = await startRegistryOfSize(postgres, size);
  const file = writeDevices(registry.devices, String(size));
  registries.push({ registry, file, costs: new Map(NAMES.map((name) => [name, []])) });
  console.error(`${size} devices are registered`);
}

// Every device has logged in everywhere before anything counts.
for (const { registry, file } of registries) {
  for (const server of [registry.remembering, registry.forgetful]) {
    await measure(server.pid, {
      ...orderOf("mqttLogin", server.ports, file),
      warmUpMs: 0,
      windowMs: 60_000,
      once: true,
    });
  }
}
// Sizes in turn, so that what else the machine does meanwhile meets them alike.
for (let pass = 0; pass < Number(values.passes); pass += 1) {
  for (const name of NAMES) {
    for (const { registry, file, costs } of registries) costs.get(name)?.push(await costOf(name, registry, file));
  }
}
for (const name of NAMES) {
  const [smallest] = registries.map(({ costs }) => medianOf(costs.get(name), "server"));
  for (const { registry, costs } of registries) {
    const server = medianOf(costs.get(name), "server");
    report.fact(
      `${name}, ${registry.size} devices registered`,
      `${server.toFixed(1)} µs in the server (× ${(server / (smallest ?? 1)).toFixed(2)}), ${medianOf(costs.get(name), "postgres").toFixed(1)} µs in Postgres`,
    );
  }
}
report.print();
await observer.close();
for (const { registry, file } of registries) {
  await registry.stop();
  rmSync(file);
}
await postgres.dispose();

async function costOf(name: OperationName, registry: RegistryOfSize, file: string): Promise<Cost> {
  const { kind, on } = OPERATIONS[name];
  const { pid, ports } = registry[on];
  const before = await postgresCpuSeconds(observer);
  const measured = await measure(pid, { ...orderOf(kind, ports, file), warmUpMs: WARM_UP_MS, windowMs });
  const spent = (await postgresCpuSeconds(observer)) - before;
  // Postgres works during the warm-up too.
  const operations = (measured.perSecond * (WARM_UP_MS + windowMs)) / 1_000;
  return { server: measured.cpuMicros, postgres: (spent * 1e6) / operations };
}

function orderOf(kind: "mqttLogin" | "mqttPublish", ports: Readonly<Record<string, number>>, devices: string) {
  return { kind, port: ports.TRINE_MQTT_PORT ?? 0, devices, concurrency: CONCURRENCY };
}

function medianOf(costs: readonly Cost[] = [], of: keyof Cost): number {
  const sorted = costs.map((cost) => cost[of]).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
