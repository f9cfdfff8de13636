import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { makeTempFolder, spawnProcess } from "@trine/testkit/servers";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const KEY = randomBytes(24).toString("base64url");

/** What one run of the command line left behind. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A whole gateway on the embedded default, and the command line in front of it. */
export interface TestGateway {
  readonly url: string;
  readonly key: string;
  /** A folder for files of the test. */
  readonly folder: string;
  /** The devices' HTTP port. */
  readonly httpPort: number;
  /** Runs `trine ...args` as an operator who set address and key; `environment` changes that. */
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Run>;
  /** As `run` with `--json`, for a run that must succeed. @returns the parsed output. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  dispose(): Promise<void>;
}

/** Starts the built gateway on free ports. */
export async function startGateway(): Promise<TestGateway> {
  const folder = await makeTempFolder("cli");
  const free = ["MQTT", "MQTTS", "HTTP", "HTTPS", "COAP", "COAP_SYMMETRIC", "COAPS", "AMQPS", "ADMIN", "METRICS"].map(
    (name) => [`TRINE_${name}_PORT`, "0"],
  );
  const gateway = await spawnProcess({
    command: [process.execPath, `${ROOT}apps/gateway/dist/main.js`],
    env: {
      ...withoutSettings(),
      ...Object.fromEntries(free),
      TRINE_DEVICE_HOST: "127.0.0.1",
      TRINE_DATA_DIR: `${folder.path}/data`,
      TRINE_ADMIN_KEY: KEY,
    },
    cwd: folder.path,
    ready: /"msg":"ready"/,
    readyWithinMs: 60_000,
  });
  const ready = gateway.lines.find((line) => line.includes('"msg":"ready"')) ?? "{}";
  const { ports } = JSON.parse(ready) as { ports: Readonly<Record<string, number>> };
  const url = `http://127.0.0.1:${ports["TRINE_ADMIN_PORT"]}`;
  const own = { TRINE_ADMIN_PORT: String(ports["TRINE_ADMIN_PORT"]), TRINE_ADMIN_KEY: KEY };
  const run: TestGateway["run"] = (args, environment = own) => runCli(args, { cwd: folder.path, environment });
  return {
    url,
    key: KEY,
    folder: folder.path,
    httpPort: ports["TRINE_HTTP_PORT"] ?? 0,
    run,
    async json<T>(...args: string[]) {
      const { code, out, err } = await run([...args, "--json"]);
      if (code !== 0) throw new Error(`trine ${args.join(" ")} ended with ${code}: ${err}`);
      return JSON.parse(out) as T;
    },
    async dispose() {
      await gateway.stop();
      await folder.remove();
    },
  };
}

/** Runs the built command line. */
export function runCli(
  args: readonly string[],
  { cwd, environment }: { cwd: string; environment: Readonly<Record<string, string>> },
): Promise<Run> {
  const env = { ...withoutSettings(), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [`${ROOT}apps/cli/dist/main.js`, ...args], { cwd, env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
    });
  });
}

/** A developer's own settings must not leak into a test. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TRINE_|DATABASE_URL|REDIS_URL)/.test(name)),
  );
}
