import { parseArgs } from "node:util";
import { moveToLoadCore } from "../cores.ts";
import { measureDownlink } from "../downlink.ts";
import { registerDevices } from "../fleet.ts";
import { showDistribution } from "../nodes/distribution.ts";
import { measureLoginRace } from "../nodes/login-race.ts";
import { countRedisCommands } from "../nodes/redis-commands.ts";
import { measureRevocation } from "../nodes/revocation.ts";
import { type BenchNodes, type RedisShape, startNodes } from "../nodes/start-nodes.ts";
import { createReport } from "../report.ts";

// npm run bench:nodes [-- --on cluster] [-- --only race]: what it costs that a device may be on any of three MQTT nodes.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    passes: { type: "string", default: "3" },
    connections: { type: "string", default: "5000" },
    revocations: { type: "string", default: "200" },
    logins: { type: "string", default: "50" },
    rounds: { type: "string", default: "50" },
    only: { type: "string" },
    on: { type: "string" },
  },
});
const windowMs = Number(values.seconds) * 1_000;

const DOWNLINK_DEVICES = 50;
/** So far below saturation that a message meets no other: 50 devices, each four times a second. */
const CALM_MS = 250;
/** Longer than every interval at which a process asks by itself. */
const IDLE_MS = 25_000;
const report = createReport();

const SCENARIOS: Readonly<Record<string, (nodes: BenchNodes) => Promise<void>>> = {
  downlink,
  revocation,
  race,
  commands,
};

async function downlink(nodes: BenchNodes): Promise<void> {
  const { devices } = await registerDevices(nodes, DOWNLINK_DEVICES);
  const gateway = await nodes.startGateway();
  const routes = {
    "to a device of the same process": { api: gateway, holders: [gateway] },
    "to a device on another node": { api: nodes, holders: nodes.mqtt },
  };
  for (let pass = 1; pass <= Number(values.passes); pass += 1) {
    for (const [route, way] of Object.entries(routes)) {
      const calm = await measureDownlink({ ...way, devices, windowMs, everyMs: CALM_MS });
      report.fact(
        `downlink ${route}, ${Math.round(calm.perSecond)}/s, ${nodes.name}, pass ${pass}`,
        `p50 ${calm.p50Ms.toFixed(2)} ms, p99 ${calm.p99Ms.toFixed(2)} ms from request to device`,
      );
      const full = await measureDownlink({ ...way, devices, windowMs });
      report.fact(
        `downlink ${route}, at saturation, ${nodes.name}, pass ${pass}`,
        `${Math.round(full.perSecond)}/s, ${full.cpuMicros.toFixed(0)} µs in the processes that hold the devices, p50 ${full.p50Ms.toFixed(1)} ms, p99 ${full.p99Ms.toFixed(1)} ms`,
      );
    }
  }
  await gateway.stop();
}

async function revocation(nodes: BenchNodes): Promise<void> {
  const { devices } = await registerDevices(nodes, Number(values.connections));
  const figures = await measureRevocation(nodes, devices, Number(values.revocations));
  const what = `${values.revocations} revocations, ${values.connections} connections on ${nodes.mqtt.length} nodes, ${nodes.name}`;
  report.fact(`${what}, until ${figures.nodes} processes had acknowledged`, showDistribution(figures.elapsed));
  report.fact(`${what}, the whole request`, showDistribution(figures.wall));
  report.fact(
    `idle MQTT connection, on ${nodes.mqtt.length} nodes, ${nodes.name}`,
    `${(figures.bytesPerConnection / 1_000).toFixed(1)} kB`,
  );
}

async function race(nodes: BenchNodes): Promise<void> {
  const { devices } = await registerDevices(nodes, 1);
  const [device] = devices;
  if (!device) throw new Error("a device was registered");
  const rounds = Number(values.rounds);
  const times = await measureLoginRace(nodes.mqtt, device, { logins: Number(values.logins), rounds });
  report.fact(
    `${values.logins} logins of one device at once on ${nodes.mqtt.length} nodes, ${rounds} times, ${nodes.name}, until one connection is left`,
    showDistribution(times),
  );
}

async function commands(nodes: BenchNodes): Promise<void> {
  for (const { operation, alone, crowded } of await countRedisCommands(nodes, IDLE_MS)) {
    report.fact(
      `Redis commands, ${operation}, ${nodes.name}`,
      `${alone.toFixed(1)} alone, ${crowded.toFixed(1)} of 50 at once`,
    );
  }
}

moveToLoadCore();
report.machine();
for (const shape of ["redis", "cluster"] satisfies RedisShape[]) {
  if (values.on !== undefined && values.on !== shape) continue;
  const nodes = await startNodes(shape);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (values.only === undefined || values.only === name) await scenario(nodes);
  }
  await nodes.stop();
}
report.print();
process.exit(0);
