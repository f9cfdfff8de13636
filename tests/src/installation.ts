import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  makeTempFolder,
  type PostgresServer,
  startPostgres,
  startRedis,
  type TestServer,
} from "@trine/testkit/servers";
import { type AppProcess, startApp } from "./app-process.ts";
import { type ComposeApp, type ComposeService, readComposeFile } from "./compose-file.ts";
import { type OperatorApi, openApi } from "./operator-api.ts";
import { makeServerCertificate } from "./server-certificate.ts";

/** The ways to run Trine that every end-to-end test goes through. */
export const INSTALLATIONS = ["embedded", "separate"] as const;

export type InstallationKind = (typeof INSTALLATIONS)[number];

/** A whole Trine of real processes on real stores, owned by one test. */
export interface Installation {
  readonly kind: InstallationKind;
  readonly api: OperatorApi;
  /** What opens the API. */
  readonly adminKey: string;
  readonly ports: {
    readonly mqtt: number;
    readonly mqtts: number;
    readonly http: number;
    readonly https: number;
    /** 0 unless a test asks for it. */
    readonly all: number;
    readonly coap: number;
    readonly symmetric: number;
    readonly coaps: number;
    readonly amqps: number;
    readonly admin: number;
  };
  /** Every program of it. */
  readonly apps: readonly AppProcess[];
  /** The program that serves a part. */
  app(part: ComposeApp): AppProcess;
  /** Only with separate processes. */
  readonly postgres: PostgresServer | undefined;
  readonly redis: TestServer | undefined;
  /** What a further program needs to share its stores; empty where they are not shared. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the compose file tells its front; only with separate processes. */
  readonly frontEnvironment: Readonly<Record<string, string>>;
  /** File of the authority that devices are to trust. */
  readonly caFile: string;
  /** What it holds. */
  readonly ca: Buffer;
  /** Everything that its programs wrote. */
  logs(): readonly string[];
  dispose(): Promise<void>;
}

/** What opens the API of every installation of this process. */
export const ADMIN_KEY = randomBytes(32).toString("base64url");

/** Starts an installation. `environment` is added to every program's. */
export async function startInstallation(
  kind: InstallationKind,
  environment: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  return kind === "embedded" ? startEmbedded(environment) : startSeparate(environment);
}

const FREE_PORTS = {
  TRINE_DEVICE_HOST: "127.0.0.1",
  TRINE_ADMIN_HOST: "127.0.0.1",
  TRINE_METRICS_PORT: "0",
} as const;

async function startEmbedded(environment: Readonly<Record<string, string>>): Promise<Installation> {
  const folder = await makeTempFolder("embedded");
  const gateway = await startApp("gateway", {
    ...FREE_PORTS,
    TRINE_DATA_DIR: folder.path,
    TRINE_ADMIN_KEY: ADMIN_KEY,
    TRINE_MQTT_PORT: "0",
    TRINE_HTTP_PORT: "0",
    TRINE_COAP_PORT: "0",
    TRINE_COAP_SYMMETRIC_PORT: "0",
    TRINE_ADMIN_PORT: "0",
    ...environment,
  });
  return describeInstallation({
    kind: "embedded",
    apps: [gateway],
    app: () => gateway,
    servers: undefined,
    environment: {},
    frontEnvironment: {},
    async dispose() {
      await gateway.kill();
      await folder.remove();
    },
  });
}

async function startSeparate(environment: Readonly<Record<string, string>>): Promise<Installation> {
  const [folder, postgres, redis] = await Promise.all([
    makeTempFolder("separate"),
    startPostgres({ durable: true }),
    startRedis({ appendfsync: "always" }),
  ]);
  const secrets = await writeSecrets(folder.path, {
    database_url: await postgres.createDatabase(),
    redis_url: redis.url,
  });
  const { services } = readComposeFile();
  const start = (name: ComposeApp) => startApp(name, { ...environmentHere(services[name], secrets), ...environment });
  // All at once, as compose does: who comes first must make the tables, the others must wait for it.
  const [mqtt, coap, http, amqp, admin] = await Promise.all([
    start("mqtt"),
    start("coap"),
    start("http"),
    start("amqp"),
    start("admin"),
  ]);
  const apps = { mqtt, coap, http, amqp, admin };
  return describeInstallation({
    kind: "separate",
    apps: Object.values(apps),
    app: (part) => apps[part],
    servers: { postgres, redis },
    environment: environmentHere(services.mqtt, secrets),
    frontEnvironment: environmentHere(services.front, secrets),
    certificateFile: join(secrets, "tls_certificate"),
    async dispose() {
      await Promise.all(Object.values(apps).map((app) => app.kill()));
      await Promise.all([postgres.dispose(), redis.dispose()]);
      await folder.remove();
    },
  });
}

function describeInstallation(parts: {
  kind: InstallationKind;
  apps: readonly AppProcess[];
  app: Installation["app"];
  servers: { postgres: PostgresServer; redis: TestServer } | undefined;
  environment: Installation["environment"];
  frontEnvironment: Installation["frontEnvironment"];
  /** One that no program made itself. */
  certificateFile?: string;
  dispose: () => Promise<void>;
}): Installation {
  const ports: Record<string, number> = Object.assign({}, ...parts.apps.map((app) => app.ports));
  const port = (setting: string) => ports[setting] ?? 0;
  const logs = () => parts.apps.flatMap((app) => app.lines());
  return {
    kind: parts.kind,
    api: openApi(port("TRINE_ADMIN_PORT"), ADMIN_KEY),
    adminKey: ADMIN_KEY,
    ports: {
      mqtt: port("TRINE_MQTT_PORT"),
      mqtts: port("TRINE_MQTTS_PORT"),
      http: port("TRINE_HTTP_PORT"),
      https: port("TRINE_HTTPS_PORT"),
      all: port("TRINE_ALL_PORT"),
      coap: port("TRINE_COAP_PORT"),
      symmetric: port("TRINE_COAP_SYMMETRIC_PORT"),
      coaps: port("TRINE_COAPS_PORT"),
      amqps: port("TRINE_AMQPS_PORT"),
      admin: port("TRINE_ADMIN_PORT"),
    },
    apps: parts.apps,
    app: parts.app,
    postgres: parts.servers?.postgres,
    redis: parts.servers?.redis,
    environment: parts.environment,
    frontEnvironment: parts.frontEnvironment,
    get caFile() {
      return parts.certificateFile ?? caFileOf(logs());
    },
    get ca() {
      return readFileSync(this.caFile);
    },
    logs,
    dispose: parts.dispose,
  };
}

/** The gateway says where it is. */
function caFileOf(logs: readonly string[]): string {
  const file = logs.map((line) => /^ *CA for firmware +(\S.*)$/.exec(line)?.[1]).find((found) => found !== undefined);
  if (file === undefined) throw new Error("the gateway named no file of a CA");
  return file;
}

/** The environment of the compose file, with mounted secrets where they are here, and free ports in place of the published ones. */
export function environmentHere({ environment }: ComposeService, secrets: string): Record<string, string> {
  const here = Object.entries(environment).map(([name, value]) => {
    if (/_PORT$/.test(name)) return [name, "0"];
    if (/_HOST$/.test(name)) return [name, "127.0.0.1"];
    return [name, value.replace("/run/secrets", secrets)];
  });
  return { ...(Object.fromEntries(here) as Record<string, string>), TRINE_DEVICE_HOST: "127.0.0.1" };
}

/**
 * Writes secrets into files of a folder, as a container has them mounted.
 *
 * @param secrets what leads to the stores; keys and a certificate are drawn.
 * @returns the folder of the files.
 */
export async function writeSecrets(folder: string, secrets: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, "secrets");
  await mkdir(path);
  const { certificate, key } = await makeServerCertificate(folder);
  const drawn = {
    master_key: randomBytes(32).toString("base64"),
    admin_key: ADMIN_KEY,
    proxy_key: randomBytes(32).toString("base64"),
    tls_certificate: readFileSync(certificate, "utf8"),
    tls_key: readFileSync(key, "utf8"),
  };
  for (const [name, text] of Object.entries({ ...secrets, ...drawn })) await writeFile(join(path, name), `${text}\n`);
  return path;
}
