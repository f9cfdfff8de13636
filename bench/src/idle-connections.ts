import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchDevice } from "./bench-devices.ts";
import { LOAD_CORE } from "./cores.ts";
import { writeDevices } from "./fleet.ts";
import { residentBytes, startScript } from "./measure.ts";
import type { BenchServer } from "./servers.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const SETTLE_MS = 3_000;

/** Opens one idle MQTT connection a device, from a process of their own. @returns what closes them all. */
export async function openIdle(
  server: BenchServer,
  devices: readonly BenchDevice[],
  caFile?: string,
): Promise<{ close(): void }> {
  const file = writeDevices(devices, `idle-${server.pid}`);
  const port = String(server.ports.TRINE_MQTT_PORT);
  const load = startScript(LOAD_CORE, join(HERE, "load/idle.ts"), [port, file, ...(caFile ? [caFile] : [])]);
  if (load.stdout) await Promise.race([once(load.stdout, "data"), once(load, "exit")]);
  rmSync(file);
  return { close: () => void load.kill("SIGKILL") };
}

/**
 * Opens idle connections for a while.
 *
 * @param caFile whom the devices trust, over TLS.
 * @returns the server's resident memory per connection, in bytes.
 */
export async function measureIdle(
  server: BenchServer,
  devices: readonly BenchDevice[],
  caFile?: string,
): Promise<number> {
  const before = residentBytes(server.pid);
  const idle = await openIdle(server, devices, caFile);
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  const after = residentBytes(server.pid);
  idle.close();
  return (after - before) / devices.length;
}
