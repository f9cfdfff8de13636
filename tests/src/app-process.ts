import { join } from "node:path";
import { type RunningProcess, spawnProcess } from "@trine/testkit/servers";
import { ROOT } from "./repository.ts";

/** The programs of Trine. */
export type AppName = "gateway" | "mqtt" | "coap" | "http" | "amqp" | "admin" | "front";

/** One program of Trine, that a test starts, stops, kills and starts again on the same ports. */
export interface AppProcess {
  readonly name: AppName;
  /** Of its present life. */
  readonly pid: number;
  /** Ports by setting name; stay the same when it is started again. */
  readonly ports: Readonly<Record<string, number>>;
  /** Everything that it wrote, over all its lives. */
  lines(): readonly string[];
  /** SIGTERM. @returns its exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: it stays, with all its sockets, and does nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  start(): Promise<void>;
}

/** Ports that many programs on one machine would share, unless a test gives them others. */
const FREE_PORTS = {
  TRINE_MQTTS_PORT: "0",
  TRINE_HTTPS_PORT: "0",
  TRINE_COAPS_PORT: "0",
  TRINE_AMQPS_PORT: "0",
} as const;

/** Starts the built program `apps/NAME/dist/main.js` with an environment, and waits until it says `ready`. */
export async function startApp(name: AppName, given: Readonly<Record<string, string>>): Promise<AppProcess> {
  const environment = { ...FREE_PORTS, ...given };
  let running = await launch(name, environment);
  const ports = readPorts(running.lines);
  const earlier: string[] = [];
  // The next life takes the ports of the first: a device in the field knows no other.
  const fixed = Object.fromEntries(Object.entries(ports).map(([setting, port]) => [setting, String(port)]));

  return {
    name,
    get pid() {
      return running.pid;
    },
    ports,
    lines: () => [...earlier, ...running.lines],
    stop: async () => (await running.stop()).code,
    kill: async () => void (await running.kill()),
    freeze: () => void process.kill(running.pid, "SIGSTOP"),
    thaw: () => void process.kill(running.pid, "SIGCONT"),
    async start() {
      await running.kill();
      earlier.push(...running.lines);
      running = await launch(name, { ...environment, ...fixed });
    },
  };
}

function launch(name: AppName, environment: Readonly<Record<string, string>>): Promise<RunningProcess> {
  return spawnProcess({
    command: [process.execPath, join(ROOT, `apps/${name}/dist/main.js`)],
    env: { ...withoutOwnSettings(), ...environment },
    cwd: ROOT,
    ready: /"msg":"ready"/,
    readyWithinMs: 60_000,
  });
}

/** A developer's own settings must not leak into a test. */
function withoutOwnSettings(): Record<string, undefined> {
  const own = Object.keys(process.env).filter(
    (name) => name.startsWith("TRINE_") || name.startsWith("DATABASE_URL") || name.startsWith("REDIS_URL"),
  );
  return Object.fromEntries(own.map((name) => [name, undefined]));
}

function readPorts(lines: readonly string[]): Readonly<Record<string, number>> {
  const line = lines.find((each) => each.includes('"msg":"ready"')) ?? "{}";
  return (JSON.parse(line) as { ports: Record<string, number> }).ports;
}
