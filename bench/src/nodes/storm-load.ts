import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BenchDevice } from "../bench-devices.ts";
import { LOAD_CORE } from "../cores.ts";
import { writeDevices } from "../fleet.ts";
import type { ReconnectOrder, ReconnectResult } from "../load/reconnect-load.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** A process that holds the connections of some devices. */
export interface StormLoad {
  /** Cuts all of them at once. Resolves when all are back. */
  cut(): Promise<ReconnectResult>;
  stop(): void;
}

/** Starts a load process, and waits until its devices are connected. */
export async function startStormLoad(
  devices: readonly BenchDevice[],
  { label, ...order }: Omit<ReconnectOrder, "devices"> & { label: string },
): Promise<StormLoad> {
  const file = writeDevices(devices, label);
  const script = join(HERE, "../load/reconnect-load.ts");
  const node = [process.execPath, "--conditions=trine-source", "--import", "tsx"];
  const told = JSON.stringify({ ...order, devices: file } satisfies ReconnectOrder);
  const load = spawn("taskset", ["-c", LOAD_CORE, ...node, script, told], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: load.stdout });
  await nextLine(load, lines, "connected");
  rmSync(file);
  return {
    async cut() {
      const end = nextLine(load, lines, "end ");
      load.stdin.write("cut\n");
      return JSON.parse((await end).slice(4)) as ReconnectResult;
    },
    stop: () => void load.kill("SIGKILL"),
  };
}

function nextLine(load: ChildProcess, lines: Interface, prefix: string): Promise<string> {
  return new Promise((done, fail) => {
    const exited = () => fail(new Error("a load process ended by itself"));
    load.once("exit", exited);
    lines.on("line", function look(line) {
      if (!line.startsWith(prefix)) return;
      lines.off("line", look);
      load.off("exit", exited);
      done(line);
    });
  });
}
