import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { moveToLoadCore } from "../cores.ts";
import { call, registerDevices, writeDevices } from "../fleet.ts";
import { measure } from "../measure.ts";
import { type BenchInstallation, startEmbedded, startSeparate } from "../servers.ts";

// npm run bench:model [-- --seconds 6 --passes 3 --on embedded|shared]: what it costs to judge a property by the thing model and to keep its last
// value, beside a message that is only kept.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    passes: { type: "string", default: "3" },
    on: { type: "string" },
  },
});

const DEVICES = 2_000;
const WORKERS = 50;
const KINDS = ["mqttPublish", "mqttPropertyPost"] as const;
const MODEL = {
  properties: [{ identifier: "temperature", dataType: { type: "float", specs: { min: "-40", max: "100" } } }],
};
const INSTALLATIONS: Readonly<Record<string, () => Promise<BenchInstallation>>> = {
  embedded: startEmbedded,
  shared: () => startSeparate({ appendfsync: "everysec" }),
};

moveToLoadCore();
console.log(
  "| On | Message | per second | server CPU, µs each | p50 ms | p99 ms | ratio |\n|---|---|---|---|---|---|---|",
);
for (const [name, start] of Object.entries(INSTALLATIONS)) {
  if (values.on !== undefined && values.on !== name) continue;
  const trine = await start();
  await measureBoth(trine);
  await trine.stop();
}
console.log(
  `\n${cpus()[0]?.model}, ${cpus().length} cores, ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
);

async function measureBoth(trine: BenchInstallation): Promise<void> {
  const { devices } = await registerDevices(trine, DEVICES);
  const product = `/v1/products/${devices[0]?.productKey}/model`;
  await call(trine, "PUT", product, MODEL);
  await call(trine, "PATCH", `${product}/options`, { validate: "enforce" });
  const file = writeDevices(devices, "model");
  const { pid, ports } = trine.server("mqtt");
  const order = { port: ports["TRINE_MQTT_PORT"] ?? 0, devices: file, concurrency: WORKERS, warmUpMs: 1_500 };
  const rounds = await pass(Number(values.passes), async () => {
    const both = [];
    // One after the other in each pass: whatever else the machine does meets both.
    for (const kind of KINDS)
      both.push(await measure(pid, { ...order, kind, windowMs: Number(values.seconds) * 1_000 }));
    return both;
  });
  const medians = KINDS.map(
    (_, at) =>
      rounds.map((both) => both[at]).toSorted((a, b) => (a?.cpuMicros ?? 0) - (b?.cpuMicros ?? 0))[rounds.length >> 1],
  );
  for (const [at, median] of medians.entries()) {
    const ratio = ((median?.cpuMicros ?? 0) / (medians[0]?.cpuMicros ?? 1)).toFixed(2);
    const { perSecond = 0, cpuMicros = 0, p50Ms = 0, p99Ms = 0, failures } = median ?? {};
    const figures = [Math.round(perSecond), cpuMicros.toFixed(0), p50Ms.toFixed(1), p99Ms.toFixed(1), ratio];
    console.log(`| ${[trine.name, KINDS[at], ...figures].join(" | ")} |${failures ? ` ${failures} failures` : ""}`);
  }
}

async function pass<T>(times: number, run: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let time = 0; time < times; time += 1) results.push(await run());
  return results;
}
