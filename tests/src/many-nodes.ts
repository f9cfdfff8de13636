import { join } from "node:path";
import { makeTempFolder, type PostgresServer, startPostgres, type TestServer } from "@trine/testkit/servers";
import { type AppProcess, startApp } from "./app-process.ts";
import { ADMIN_KEY, writeSecrets } from "./installation.ts";
import { steadyPort } from "./network/steady-port.ts";
import { openTcpProxy, type TcpProxy } from "./network/tcp-proxy.ts";
import { type OperatorApi, openApi } from "./operator-api.ts";

/** One of several equal processes, each with every protocol and the REST API. */
export interface GatewayNode {
  readonly name: string;
  readonly app: AppProcess;
  readonly ports: {
    readonly mqtt: number;
    readonly http: number;
    readonly coap: number;
    readonly symmetric: number;
    readonly admin: number;
  };
  readonly api: OperatorApi;
  readonly metricsPort: number;
}

/** A Redis of any shape, as the nodes reach it. */
export interface NodesRedis {
  readonly url: string;
  dispose(): Promise<void>;
}

/** Several gateways on one Postgres and one Redis, without a balancer, owned by one test. */
export interface ManyNodes<R extends NodesRedis = NodesRedis> {
  readonly nodes: readonly GatewayNode[];
  readonly postgres: PostgresServer;
  readonly redis: R;
  /** The wire between the last node and Redis; only with a single Redis. */
  readonly wire: TcpProxy | undefined;
  /** Everything that the nodes wrote. */
  logs(): readonly string[];
  dispose(): Promise<void>;
}

const NODES = 3;

/**
 * Starts three gateways.
 *
 * @param startRedis starts the Redis that they share; a single server is given a port of its own, that stays free while it is down.
 * @param environment is added to that of every node.
 */
export async function startManyNodes<R extends NodesRedis>(
  startRedis: () => Promise<R>,
  environment: Readonly<Record<string, string>> = {},
): Promise<ManyNodes<R>> {
  const [folder, redis, postgres] = await Promise.all([
    makeTempFolder("nodes"),
    startRedis(),
    steadyPort().then((port) => startPostgres({ port, durable: true })),
  ]);
  const secrets = await writeSecrets(folder.path, {
    database_url: await postgres.createDatabase(),
  });
  const wire = isSingle(redis) ? await openTcpProxy(redis.port) : undefined;
  const shared = {
    ...environment,
    TRINE_DEVICE_HOST: "127.0.0.1",
    TRINE_ADMIN_HOST: "127.0.0.1",
    TRINE_ADMIN_KEY: ADMIN_KEY,
    DATABASE_URL_FILE: join(secrets, "database_url"),
    TRINE_MASTER_KEY_FILE: join(secrets, "master_key"),
  };
  const start = async (at: number) => {
    const url = wire && at === NODES - 1 ? `redis://127.0.0.1:${wire.port}` : redis.url;
    return startNode(`node ${at + 1}`, { ...shared, REDIS_URL: url });
  };
  // The first makes the tables; the others come at once.
  const first = await start(0);
  const nodes = [first, ...(await Promise.all(Array.from({ length: NODES - 1 }, (_, at) => start(at + 1))))];
  return {
    nodes,
    postgres,
    redis,
    wire,
    logs: () => nodes.flatMap(({ app }) => app.lines()),
    async dispose() {
      await Promise.all(nodes.map(({ app }) => app.kill()));
      await wire?.dispose();
      await Promise.all([postgres.dispose(), redis.dispose()]);
      await folder.remove();
    },
  };
}

function isSingle(redis: NodesRedis): redis is TestServer {
  return "port" in redis;
}

const PORT_SETTINGS = {
  mqtt: "TRINE_MQTT_PORT",
  http: "TRINE_HTTP_PORT",
  coap: "TRINE_COAP_PORT",
  symmetric: "TRINE_COAP_SYMMETRIC_PORT",
  admin: "TRINE_ADMIN_PORT",
  metrics: "TRINE_METRICS_PORT",
} as const;

async function startNode(name: string, environment: Readonly<Record<string, string>>): Promise<GatewayNode> {
  const chosen = await Promise.all(
    Object.entries(PORT_SETTINGS).map(async ([part, setting]) => ({ part, setting, port: await steadyPort() })),
  );
  const settings = Object.fromEntries(chosen.map(({ setting, port }) => [setting, String(port)]));
  const app = await startApp("gateway", { ...environment, ...settings });
  const portOf = (part: keyof typeof PORT_SETTINGS) => chosen.find((each) => each.part === part)?.port ?? 0;
  return {
    name,
    app,
    ports: {
      mqtt: portOf("mqtt"),
      http: portOf("http"),
      coap: portOf("coap"),
      symmetric: portOf("symmetric"),
      admin: portOf("admin"),
    },
    api: openApi(portOf("admin"), ADMIN_KEY),
    metricsPort: portOf("metrics"),
  };
}
