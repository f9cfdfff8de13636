import { once } from "node:events";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchDevice } from "./bench-devices.ts";
import { writeDevices } from "./fleet.ts";
import { residentBytes, startScript } from "./measure.ts";
import type { BenchServer } from "./servers.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const SETTLE_MS = 3_000;

/** Opens one idle MQTT connection a device. @returns the server's resident memory per connection, in bytes. */
export async function measureIdle(server: BenchServer, devices: readonly BenchDevice[]): Promise<number> {
  const file = writeDevices(devices, "idle");
  const before = residentBytes(server.pid);
  const load = startScript("1", join(HERE, "load/idle.ts"), [String(server.ports.TRINE_MQTT_PORT), file]);
  if (load.stdout) await Promise.race([once(load.stdout, "data"), once(load, "exit")]);
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  const after = residentBytes(server.pid);
  load.kill("SIGKILL");
  rmSync(file);
  return (after - before) / devices.length;
}
