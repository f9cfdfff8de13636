import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningProcess, spawnProcess, startPostgres, startRedis } from "@trine/testkit/servers";
import { SERVER_CORE } from "./cores.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");

/** A server under measurement. */
export interface BenchServer {
  readonly pid: number;
  readonly ports: Readonly<Record<string, number>>;
  /** File of the authority that devices are to trust; absent where there is no TLS. */
  readonly caFile: string | undefined;
  stop(): Promise<void>;
}

/** The operators' key of every installation of a benchmark. */
export const ADMIN_KEY = "benchmark-of-trine";

/** A process that serves the REST API. */
export interface BenchApi {
  readonly adminPort: number;
  readonly adminKey: string;
}

/** Settings that every process of a benchmark shares. */
const QUIET = {
  TRINE_DEVICE_HOST: "127.0.0.1",
  TRINE_METRICS_PORT: "off",
  TRINE_ADMIN_KEY: ADMIN_KEY,
  TRINE_LOG_LEVEL: "info",
} as const;

const FREE = {
  TRINE_MQTT_PORT: "0",
  TRINE_MQTTS_PORT: "0",
  TRINE_HTTP_PORT: "0",
  TRINE_HTTPS_PORT: "0",
  TRINE_COAP_PORT: "0",
  TRINE_COAP_SYMMETRIC_PORT: "0",
  TRINE_COAPS_PORT: "0",
  TRINE_AMQPS_PORT: "0",
  TRINE_ADMIN_PORT: "0",
} as const;

/** Starts a floor: a bare engine with the same wire work. */
export function startFloor(name: "mqtt" | "http" | "coap"): Promise<BenchServer> {
  return startPinned([join(HERE, `floors/${name}-floor.ts`)], {}, ["--conditions=trine-source", "--import", "tsx"]);
}

/** Starts one of Trine's built programs. */
export function startApp(name: string, environment: Readonly<Record<string, string>>): Promise<BenchServer> {
  return startPinned([join(ROOT, `apps/${name}/dist/main.js`)], { ...QUIET, ...FREE, ...environment });
}

/** Trine as the load sees it. */
export interface BenchInstallation extends BenchApi {
  readonly name: string;
  /** The process that serves a protocol. */
  server(protocol: "mqtt" | "http" | "coap"): BenchServer;
  stop(): Promise<void>;
}

/** One process on the embedded default. */
export async function startEmbedded(): Promise<BenchInstallation> {
  const folder = mkdtempSync(join(tmpdir(), "trine-bench-"));
  const gateway = await startApp("gateway", { TRINE_DATA_DIR: folder });
  return {
    name: "embedded",
    server: () => gateway,
    adminPort: gateway.ports.TRINE_ADMIN_PORT ?? 0,
    adminKey: ADMIN_KEY,
    async stop() {
      await gateway.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A process a protocol on Postgres and Redis, which run on the load's core. */
export async function startSeparate(options: { appendfsync: "always" | "everysec" }): Promise<BenchInstallation> {
  const folder = mkdtempSync(join(tmpdir(), "trine-bench-"));
  const [postgres, redis] = await Promise.all([startPostgres({ durable: true }), startRedis(options)]);
  const environment = sharedEnvironment({ folder, databaseUrl: await postgres.createDatabase(), redisUrl: redis.url });
  const [mqtt, http, coap, admin] = await Promise.all(
    ["mqtt", "http", "coap", "admin"].map((name) => startApp(name, environment)),
  );
  if (!mqtt || !http || !coap || !admin) throw new Error("four processes were expected");
  const servers = { mqtt, http, coap };
  return {
    name: `redis + postgres, appendfsync ${options.appendfsync}`,
    server: (protocol) => servers[protocol],
    adminPort: admin.ports.TRINE_ADMIN_PORT ?? 0,
    adminKey: ADMIN_KEY,
    async stop() {
      await Promise.all([mqtt, http, coap, admin].map((server) => server.stop()));
      await Promise.all([postgres.dispose(), redis.dispose()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What processes on the same stores are told. `folder` takes their master key. */
export function sharedEnvironment(stores: {
  folder: string;
  databaseUrl: string;
  redisUrl: string;
}): Readonly<Record<string, string>> {
  const key = join(stores.folder, "master-key");
  writeFileSync(key, Buffer.alloc(32, 1).toString("base64"));
  return {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    TRINE_MASTER_KEY_FILE: key,
    TRINE_DATA_DIR: stores.folder,
  };
}

async function startPinned(
  file: readonly string[],
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<BenchServer> {
  const running: RunningProcess = await spawnProcess({
    command: [
      "taskset",
      "-c",
      SERVER_CORE,
      process.execPath,
      ...(process.env.BENCH_NODE_FLAGS?.split(" ") ?? []),
      ...nodeOptions,
      ...file,
    ],
    env,
    cwd: ROOT,
    ready: /"msg":"ready"/,
    readyWithinMs: 60_000,
  });
  const line = running.lines.find((each) => each.includes('"msg":"ready"')) ?? "{}";
  return {
    pid: running.pid,
    ports: (JSON.parse(line) as { ports: Record<string, number> }).ports,
    caFile: running.lines.map((each) => /^ *CA for firmware +(\S.*)$/.exec(each)?.[1]).find(Boolean),
    stop: async () => void (await running.stop()),
  };
}
