import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { floorDevices } from "./bench-devices.ts";
import { registerDevices, writeDevices } from "./fleet.ts";
import { measureIdle } from "./idle-connections.ts";
import type { LoadOrder } from "./load/load.ts";
import { type Measurement, measure } from "./measure.ts";
import { createReport } from "./report.ts";
import { type BenchInstallation, startEmbedded, startFloor, startSeparate } from "./servers.ts";

// npm run bench [-- --seconds 8] [-- --passes 3] [-- --only mqttLogin]: each row beside its floor, in one run.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    passes: { type: "string", default: "3" },
    only: { type: "string" },
    register: { type: "string", default: "100000" },
    idle: { type: "string", default: "5000" },
  },
});
const windowMs = Number(values.seconds) * 1_000;
const passes = Number(values.passes);

/** What is measured: the load, how much of it at once, and the most that Trine may cost beside the floor. */
const OPERATIONS = [
  { kind: "mqttLogin", protocol: "mqtt", concurrency: 50, target: 1.8 },
  { kind: "httpLogin", protocol: "http", concurrency: 50, target: 2.5 },
  { kind: "coapLogin", protocol: "coap", concurrency: 50, target: 1.6 },
  { kind: "mqttPublish", protocol: "mqtt", concurrency: 50, target: 3 },
  { kind: "httpPublish", protocol: "http", concurrency: 50, target: 3 },
  { kind: "coapPublish", protocol: "coap", concurrency: 50, target: 3 },
] as const;

const WARM_DEVICES = 1_000;
const COLD_DEVICES = 20_000;
const selected = OPERATIONS.filter(({ kind }) => values.only === undefined || values.only === kind);
const report = createReport();

/** Several passes; the one with the median cost. */
async function median(pid: number, order: LoadOrder): Promise<Measurement> {
  const all: Measurement[] = [];
  for (let pass = 0; pass < passes; pass += 1) all.push(await measure(pid, order));
  all.sort((one, other) => one.cpuMicros - other.cpuMicros);
  const middle = all[Math.floor(all.length / 2)];
  if (!middle) throw new Error("at least one pass");
  return middle;
}

async function measureFloors(): Promise<ReadonlyMap<string, Measurement>> {
  const devices = writeDevices(floorDevices(WARM_DEVICES), "floor");
  const floors = new Map<string, Measurement>();
  for (const { kind, protocol, concurrency } of selected) {
    const floor = await startFloor(protocol);
    const port = floor.ports.port ?? 0;
    const measured = await median(floor.pid, { kind, port, devices, concurrency, warmUpMs: 1_500, windowMs });
    report.floor(kind, measured);
    floors.set(kind, measured);
    await floor.stop();
  }
  rmSync(devices);
  return floors;
}

async function measureTrine(trine: BenchInstallation, floors: ReadonlyMap<string, Measurement>): Promise<void> {
  const warm = writeDevices((await registerDevices(trine, WARM_DEVICES)).devices, "warm");
  for (const { kind, protocol, concurrency, target } of selected) {
    const { pid, ports } = trine.server(protocol);
    const port = ports[`TRINE_${protocol.toUpperCase()}_PORT`] ?? 0;
    const measured = await median(pid, { kind, port, devices: warm, concurrency, warmUpMs: 1_500, windowMs });
    report.row({ operation: kind, installation: trine.name, measured, floor: floors.get(kind), target });
    if (!kind.endsWith("Login")) continue;
    const cold = writeDevices((await registerDevices(trine, COLD_DEVICES)).devices, "cold");
    const first = await measure(pid, {
      kind,
      port,
      devices: cold,
      concurrency,
      warmUpMs: 0,
      windowMs: 60_000,
      once: true,
    });
    report.row({
      operation: `${kind}, first ever`,
      installation: trine.name,
      measured: first,
      floor: floors.get(kind),
    });
    rmSync(cold);
  }
  rmSync(warm);
}

report.machine();
const floors = await measureFloors();
for (const start of [
  () => startSeparate({ appendfsync: "always" }),
  () => startSeparate({ appendfsync: "everysec" }),
  startEmbedded,
]) {
  const began = performance.now();
  const trine = await start();
  report.fact(`start, ${trine.name} (servers included)`, `${((performance.now() - began) / 1_000).toFixed(1)} s`);
  await measureTrine(trine, floors);
  if (values.only === undefined) {
    const { seconds } = await registerDevices(trine, Number(values.register));
    report.fact(`register ${values.register} devices, ${trine.name}`, `${seconds.toFixed(1)} s`);
    const idle = await registerDevices(trine, Number(values.idle));
    const bytes = await measureIdle(trine.server("mqtt"), idle.devices);
    report.fact(`idle MQTT connection, ${trine.name}`, `${(bytes / 1_000).toFixed(1)} kB (${values.idle} connections)`);
  }
  await trine.stop();
}
report.print();
