import { execFileSync } from "node:child_process";

/** The core that servers under measurement run on. */
export const SERVER_CORE = "0";

/** The core of the load, Postgres and Redis. */
export const LOAD_CORE = "1";

/** Moves this process to the load's core. What it starts from then on is there as well, unless it is started on another. */
export function moveToLoadCore(): void {
  execFileSync("taskset", ["-a", "-c", "-p", LOAD_CORE, String(process.pid)], { stdio: "ignore" });
}
