import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { floorDevices } from "./bench-devices.ts";
import { moveToLoadCore } from "./cores.ts";
import { measureDownlink } from "./downlink.ts";
import { registerDevices, writeDevices } from "./fleet.ts";
import { measureIdle } from "./idle-connections.ts";
import type { LoadOrder } from "./load/load.ts";
import { type Measurement, measure } from "./measure.ts";
import { createReport } from "./report.ts";
import { type BenchInstallation, startEmbedded, startFloor, startSeparate } from "./servers.ts";

// npm run bench [-- --seconds 8] [-- --passes 3] [-- --only mqttLogin] [-- --on always]: each row beside its floor, in one run.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    passes: { type: "string", default: "3" },
    only: { type: "string" },
    on: { type: "string" },
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

/** Enough that no device reaches the number of tokens at which its oldest go. */
const DEVICES = 8_000;
const DOWNLINK_DEVICES = 50;
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
  const fleet = floorDevices(DEVICES);
  const devices = writeDevices(fleet, "floor");
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

/** Logins first: the first one of each device, another to fill the memories, and then the warm ones that count. */
async function measureTrine(trine: BenchInstallation, floors: ReadonlyMap<string, Measurement>): Promise<void> {
  for (const { kind, protocol, concurrency, target } of selected) {
    const { pid, ports } = trine.server(protocol);
    const port = ports[`TRINE_${protocol.toUpperCase()}_PORT`] ?? 0;
    const devices = writeDevices((await registerDevices(trine, DEVICES)).devices, "trine");
    const order = { kind, port, devices, concurrency } as const;
    const onFloor = { installation: trine.name, floor: floors.get(kind) };
    if (kind.endsWith("Login")) {
      const once = { ...order, warmUpMs: 0, windowMs: 60_000, once: true };
      report.row({ operation: `${kind}, first ever`, measured: await measure(pid, once), ...onFloor });
      await measure(pid, once);
    }
    const measured = await median(pid, { ...order, warmUpMs: 1_500, windowMs });
    report.row({ operation: kind, measured, target, ...onFloor });
    rmSync(devices);
  }
}

async function reportIdle(trine: BenchInstallation, caFile?: string): Promise<void> {
  const idle = await registerDevices(trine, Number(values.idle));
  const bytes = await measureIdle(trine.server("mqtt"), idle.devices, caFile);
  const fact = `idle MQTT connection${caFile ? " over TLS" : ""}, ${trine.name}`;
  report.fact(fact, `${(bytes / 1_000).toFixed(1)} kB (${values.idle} connections)`);
}

/** In a process of its own: what other connections left behind would be used again, and not be seen. */
async function measureIdleOverTls(): Promise<void> {
  const trine = await startEmbedded();
  await reportIdle(trine, trine.server("mqtt").caFile);
  await trine.stop();
}

async function measureFacts(trine: BenchInstallation): Promise<void> {
  await reportIdle(trine);
  const { devices } = await registerDevices(trine, DOWNLINK_DEVICES);
  const holders = [trine.server("mqtt")];
  const { cpuMicros, perSecond, p50Ms, p99Ms } = await measureDownlink({ api: trine, holders, devices, windowMs });
  report.fact(
    `downlink to a connected device, QoS 1, ${trine.name}`,
    `${Math.round(perSecond)}/s, ${cpuMicros.toFixed(0)} µs in the process that holds the device, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms from request to device`,
  );
}

const INSTALLATIONS = {
  always: () => startSeparate({ appendfsync: "always" }),
  everysec: () => startSeparate({ appendfsync: "everysec" }),
  embedded: startEmbedded,
};

moveToLoadCore();
report.machine();
const floors = await measureFloors();
for (const [name, start] of Object.entries(INSTALLATIONS)) {
  if (values.on !== undefined && values.on !== name) continue;
  const began = performance.now();
  const trine = await start();
  report.fact(`start, ${trine.name} (servers included)`, `${((performance.now() - began) / 1_000).toFixed(1)} s`);
  if (values.only === undefined) await measureFacts(trine);
  await measureTrine(trine, floors);
  if (values.only === undefined) {
    const { seconds } = await registerDevices(trine, Number(values.register));
    report.fact(`register ${values.register} devices, ${trine.name}`, `${seconds.toFixed(1)} s`);
  }
  await trine.stop();
}
if (values.only === undefined) await measureIdleOverTls();
report.print();
