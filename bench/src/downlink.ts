import { setTimeout as wait } from "node:timers/promises";
import type { BenchDevice } from "./bench-devices.ts";
import { openDownlink } from "./downlink-exchange.ts";
import { createLatencies } from "./load/latencies.ts";
import { cpuSeconds } from "./measure.ts";
import type { BenchApi, BenchServer } from "./servers.ts";

const WARM_UP_MS = 1_500;

/** What sending to connected devices cost. */
export interface DownlinkFigures {
  readonly perSecond: number;
  /** In the processes that hold the devices, for each message. */
  readonly cpuMicros: number;
  /** From the request until the device has the message. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends to connected devices through the REST API, one message in flight a device.
 *
 * @param load.holders MQTT servers that the devices are spread over.
 * @param load.everyMs how often each device is sent to; default as fast as it goes.
 */
export async function measureDownlink(load: {
  api: BenchApi;
  holders: readonly BenchServer[];
  devices: readonly BenchDevice[];
  windowMs: number;
  everyMs?: number;
}): Promise<DownlinkFigures> {
  const { api, holders, devices, windowMs, everyMs = 0 } = load;
  const latencies = createLatencies();
  const cpuOfHolders = () => holders.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const lines = await Promise.all(
    devices.map((certificate, at) => openDownlink({ api, holder: holders[at % holders.length], certificate })),
  );
  let stopped = false;

  async function keepSending(exchange: () => Promise<void>): Promise<void> {
    // Devices do not keep step with each other.
    await wait(Math.random() * everyMs);
    while (!stopped) {
      const began = performance.now();
      await exchange();
      const tookMs = performance.now() - began;
      latencies.add(tookMs);
      if (everyMs > tookMs) await wait(everyMs - tookMs);
    }
  }

  const sending = lines.map(({ exchange }) => keepSending(exchange));
  await wait(WARM_UP_MS);
  latencies.reset();
  const before = { cpu: cpuOfHolders(), at: performance.now() };
  await wait(windowMs);
  const cpu = cpuOfHolders() - before.cpu;
  const seconds = (performance.now() - before.at) / 1_000;
  stopped = true;
  const figures = {
    perSecond: latencies.count / seconds,
    cpuMicros: (cpu * 1e6) / Math.max(1, latencies.count),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
  };
  await Promise.all(sending);
  await Promise.all(lines.map((line) => line.close()));
  return figures;
}
