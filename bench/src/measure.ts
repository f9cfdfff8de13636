import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { LOAD_CORE } from "./cores.ts";
import type { LoadOrder, LoadResult } from "./load/load.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const TICKS_PER_SECOND = 100;

/** What was measured over one window. */
export interface Measurement extends LoadResult {
  readonly perSecond: number;
  /** User and system time of the server process per operation. */
  readonly cpuMicros: number;
  /** Share of its core that the server used: near 1 means saturation. */
  readonly busy: number;
  /** Resident memory of the server at the end. */
  readonly residentMb: number;
}

/** Runs one load on core 1 against a server process (on core 0), and reads the server's own clock of CPU time. */
export async function measure(serverPid: number, order: LoadOrder): Promise<Measurement> {
  const load = startScript(LOAD_CORE, join(HERE, "load/load.ts"), [JSON.stringify(order)]);
  let before = { cpu: 0, at: 0 };
  let spent = { cpu: 0, seconds: 1 };
  let result: LoadResult | undefined;
  for await (const line of createInterface({ input: load.stdout ?? process.stdin })) {
    if (line === "begin") before = { cpu: cpuSeconds(serverPid), at: performance.now() };
    if (!line.startsWith("end ")) continue;
    spent = { cpu: cpuSeconds(serverPid) - before.cpu, seconds: (performance.now() - before.at) / 1_000 };
    result = JSON.parse(line.slice(4)) as LoadResult;
  }
  if (!result) throw new Error(`the load ${order.kind} ended without a result`);
  return {
    ...result,
    perSecond: result.operations / result.seconds,
    cpuMicros: (spent.cpu * 1e6) / Math.max(1, result.operations),
    busy: spent.cpu / spent.seconds,
    residentMb: residentBytes(serverPid) / 1e6,
  };
}

/** Starts a TypeScript program on one core. */
export function startScript(core: string, file: string, args: readonly string[]): ChildProcess {
  const node = [process.execPath, "--conditions=trine-source", "--import", "tsx", file, ...args];
  return spawn("taskset", ["-c", core, ...node], { stdio: ["ignore", "pipe", "inherit"] });
}

/** User and system time that a process has used, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
}
