import { parseArgs } from "node:util";
import { moveToLoadCore } from "../cores.ts";
import { registerDevices } from "../fleet.ts";
import type { ReconnectResult } from "../load/reconnect-load.ts";
import { cpuSeconds, residentBytes } from "../measure.ts";
import { distributionOf, showDistribution } from "../nodes/distribution.ts";
import { type BenchNodes, startNodes } from "../nodes/start-nodes.ts";
import { startSteadyPublishers } from "../nodes/steady-publishers.ts";
import { type StormLoad, startStormLoad } from "../nodes/storm-load.ts";
import { createReport } from "../report.ts";

// npm run bench:reconnect [-- --devices 5000] [-- --admission rate] [-- --lease 15]: every device is cut off at once, and all of them come back.
const { values } = parseArgs({
  options: {
    devices: { type: "string", default: "50000" },
    nodes: { type: "string", default: "3" },
    loads: { type: "string", default: "3" },
    /** Logins a second that each node takes, with `--admission rate`. */
    rate: { type: "string", default: "150" },
    /** Seconds without a turn of its loop after which a node takes itself for dead. */
    lease: { type: "string", default: "4" },
    /** How long a device waits for its CONNACK. */
    patience: { type: "string", default: "10000" },
    admission: { type: "string" },
  },
});
const deviceCount = Number(values.devices);
const loadCount = Number(values.loads);

/** Connected throughout. */
const STEADY_DEVICES = 60;
const NOTICE_MS = 1_000;
const SAMPLE_MS = 250;
/** 127.0.0.2 and on: a source has 28 232 ports for each node. */
const SOURCES = 8;

/** Ways to meet a storm. */
const ADMISSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  off: { TRINE_LOGINS_PER_SECOND: "0", TRINE_LOGINS_UNDER_WAY: "0" },
  default: {},
  rate: { TRINE_LOGINS_PER_SECOND: values.rate, TRINE_LOGIN_BURST: values.rate },
};

const report = createReport();

async function measureStorm(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const lease = { TRINE_NODE_LEASE_SECONDS: values.lease };
  const nodes = await startNodes("redis", { mqttNodes: Number(values.nodes), settings: { ...lease, ...settings } });
  const { devices } = await registerDevices(nodes, deviceCount + STEADY_DEVICES);
  const loads = await startLoads(nodes, devices.slice(STEADY_DEVICES));
  const steady = await startSteadyPublishers(nodes.mqtt, devices.slice(0, STEADY_DEVICES));
  const watch = watchNodes(nodes);
  const results = await Promise.all(loads.map((load) => load.cut()));
  const used = watch.end();
  const { times, lost } = await steady.stop();
  for (const load of loads) load.stop();
  await nodes.stop();
  tell(name, merge(results), used);
  report.fact(
    `admission ${name}: a message of QoS 1 of a device that stayed connected`,
    `${showDistribution(distributionOf(times))}, ${lost} connections lost`,
  );
}

/** One after the other, so that the first connections of all devices are no storm of their own. */
async function startLoads(
  nodes: BenchNodes,
  devices: Awaited<ReturnType<typeof registerDevices>>["devices"],
): Promise<readonly StormLoad[]> {
  const ports = nodes.mqtt.map((node) => node.ports["TRINE_MQTT_PORT"] ?? 0);
  const sources = Array.from({ length: SOURCES }, (_, index) => `127.0.0.${2 + index}`);
  const loads: StormLoad[] = [];
  for (let index = 0; index < loadCount; index += 1) {
    const share = devices.filter((_, device) => device % loadCount === index);
    const order = { ports, sources, patienceMs: Number(values.patience), noticeMs: NOTICE_MS };
    loads.push(await startStormLoad(share, { ...order, label: `storm-${index}` }));
  }
  return loads;
}

function watchNodes({ mqtt }: BenchNodes) {
  const cpuOf = () => mqtt.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const before = cpuOf();
  const peaks = mqtt.map(({ pid }) => residentBytes(pid));
  const sampling = setInterval(() => {
    for (const [index, { pid }] of mqtt.entries()) peaks[index] = Math.max(peaks[index] ?? 0, residentBytes(pid));
  }, SAMPLE_MS);
  return {
    end() {
      clearInterval(sampling);
      return { cpuSeconds: cpuOf() - before, peakMb: Math.max(...peaks) / 1e6 };
    },
  };
}

function merge(results: readonly ReconnectResult[]): ReconnectResult {
  const sum = (of: (result: ReconnectResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return {
    backMs: results.flatMap(({ backMs }) => backMs),
    loginMs: results.flatMap(({ loginMs }) => loginMs),
    attempts: sum(({ attempts }) => attempts),
    refused: sum(({ refused }) => refused),
    impatient: sum(({ impatient }) => impatient),
    lost: sum(({ lost }) => lost),
  };
}

function tell(name: string, result: ReconnectResult, used: { cpuSeconds: number; peakMb: number }): void {
  const { attempts, refused, impatient, lost } = result;
  const back = distributionOf(result.backMs);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const fact = (what: string, value: string) => report.fact(`admission ${name}: ${what}`, value);
  fact(
    `${result.backMs.length} devices back`,
    `half after ${seconds(back.p50)}, 99 % after ${seconds(back.p99)}, all after ${seconds(back.worst)}`,
  );
  fact("the login that let a device in", showDistribution(distributionOf(result.loginMs)));
  fact("attempts", `${attempts}: ${refused} refused, ${impatient} without an answer in time, ${lost} connections lost`);
  fact(
    `${values.nodes} nodes`,
    `${used.cpuSeconds.toFixed(1)} s of CPU, at most ${used.peakMb.toFixed(0)} MB in one of them`,
  );
}

moveToLoadCore();
report.machine();
for (const [name, settings] of Object.entries(ADMISSIONS))
  if (values.admission === undefined || values.admission === name) await measureStorm(name, settings);
report.print();
process.exit(0);
