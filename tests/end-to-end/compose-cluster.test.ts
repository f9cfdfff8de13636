import { join } from "node:path";
import { connectMqtt, type DeviceCertificate } from "@trine/device";
import {
  makeTempFolder,
  type PostgresServer,
  startPostgres,
  startRedis,
  type TempFolder,
  type TestServer,
} from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppProcess, startApp } from "../src/app-process.ts";
import {
  CLUSTER_APPS,
  CLUSTER_MEMBERS,
  type ComposeApp,
  readClusterFile,
  readComposeFile,
} from "../src/compose-file.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { ADMIN_KEY, environmentHere, writeSecrets } from "../src/installation.ts";
import { type OperatorApi, openApi } from "../src/operator-api.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";

const HOST = "127.0.0.1";
const PASSWORD = "a-password";
const { services, secrets } = readClusterFile();
const FRONTS = ["front-1", "front-2"] as const;
/** What is said otherwise where there are two of each. */
const TWO: Readonly<Record<string, string>> = {
  TRINE_FRONT_MQTT: "mqtt-1:1883,mqtt-2:1883",
  TRINE_FRONT_HTTP: "http-1:8080,http-2:8080",
  TRINE_TRUSTED_PROXIES: FRONTS.map((front) => services[front].networks["trine"]?.ipv4_address).join(","),
};

describe("what the compose file of the cluster states", () => {
  it.each([...CLUSTER_APPS, ...FRONTS])("%s runs as that of the single file does, on the cluster", (app) => {
    const alone = readComposeFile().services[programOf(app)];
    const { REDIS_URL_FILE, TRINE_REDIS_REPLICAS, ...environment } = services[app].environment;
    const { REDIS_URL_FILE: _, ...ofOne } = alone.environment;
    const ofTwo = Object.entries(ofOne).map(([setting, value]) => [setting, TWO[setting] ?? value]);
    expect(environment).toEqual(Object.fromEntries(ofTwo));
    expect(REDIS_URL_FILE).toBe("/run/secrets/redis_cluster_url");
    expect(TRINE_REDIS_REPLICAS).toBe("1");
    for (const key of ["command", "user", "read_only", "restart", "stop_grace_period", "healthcheck"] as const)
      expect(services[app][key]).toEqual(alone[key]);
    for (const name of services[app].secrets) expect(secrets[name]?.file).toBe(`./secrets/${name}`);
  });

  it("publishes each process on a port of its own", () => {
    const published = [...CLUSTER_APPS, ...FRONTS].flatMap((app) =>
      services[app].ports.map((port) => port.replace(/:\d+(\/udp)?$/, "$1")),
    );
    expect(published).toHaveLength(20);
    expect(published).toEqual([...new Set(published)]);
  });

  it.each(CLUSTER_MEMBERS)(
    "%s loses nothing that was acknowledged, forgets nothing, and is of the cluster",
    (member) => {
      const command = services[member].command.join(" ");
      for (const option of [
        "--appendonly yes",
        "--appendfsync always",
        "--maxmemory-policy noeviction",
        "--cluster-enabled yes",
        '--requirepass "$$(cat /run/secrets/redis_password)"',
        '--masterauth "$$(cat /run/secrets/redis_password)"',
      ])
        expect(command).toContain(option);
      expect(services[member].restart).toBe("unless-stopped");
    },
  );
});

describe("the processes that the compose file of the cluster starts", () => {
  let folder: TempFolder;
  let postgres: PostgresServer;
  let members: readonly TestServer[] = [];
  const apps = new Map<string, AppProcess>();
  let api: OperatorApi;

  beforeAll(async () => {
    [folder, postgres, members] = await Promise.all([
      makeTempFolder("cluster"),
      startPostgres(),
      Promise.all(CLUSTER_MEMBERS.map(startMember)),
    ]);
    const addresses = members.map(({ port }) => `${HOST}:${port}`);
    const folderOfSecrets = await writeSecrets(folder.path, {
      redis_password: PASSWORD,
      redis_cluster_url: `redis+cluster://:${PASSWORD}@${addresses.join(",")}`,
      database_url: await postgres.createDatabase(),
    });
    await makeCluster(addresses, join(folderOfSecrets, "redis_password"));
    await Promise.all(
      (["mqtt-1", "mqtt-2", "admin-1", "admin-2"] as const).map(async (name) => {
        apps.set(name, await startApp(programOf(name), environmentHere(services[name], folderOfSecrets)));
      }),
    );
    api = openApi(portOf("admin-1", "TRINE_ADMIN_PORT"), ADMIN_KEY);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([...apps.values()].map((app) => app.kill()));
    await Promise.all([...members, postgres].map((server) => server?.dispose()));
    await folder?.remove();
  });

  const portOf = (app: string, setting: string) => apps.get(app)?.ports[setting] ?? 0;

  function connect(app: string, certificate: DeviceCertificate, received: string[]) {
    return connectMqtt({
      host: HOST,
      port: portOf(app, "TRINE_MQTT_PORT"),
      certificate,
      onMessage: ({ payload }) => received.push(payload.toString()),
    });
  }

  it("are ready, each of them", async () => {
    for (const app of apps.values()) {
      const response = await fetch(`http://${HOST}:${app.ports["TRINE_METRICS_PORT"]}/readyz`);
      expect(await response.json()).toEqual({ status: "ready", complaints: [] });
    }
  });

  it("are one gateway: a device is served, reached and closed wherever it logs in", async () => {
    const productKey = await makeProduct(api);
    const certificate = await addDevice(api, productKey);
    const device = `/v1/products/${productKey}/devices/${certificate.deviceName}`;
    const other = openApi(portOf("admin-2", "TRINE_ADMIN_PORT"), ADMIN_KEY);
    const topic = topicOf(certificate, "user/get");

    const first: string[] = [];
    const onFirst = await connect("mqtt-1", certificate, first);
    await onFirst.subscribe([topic], 1);
    await other.call("POST", `${device}/messages`, { topic, payload: "to the first" });
    await eventually(
      async () => first,
      (messages) => messages.includes("to the first"),
    );

    const second: string[] = [];
    const onSecond = await connect("mqtt-2", certificate, second);
    await onFirst.closed;
    await onSecond.subscribe([topic], 1);
    await api.call("POST", `${device}/messages`, { topic, payload: "to the second" });
    await eventually(
      async () => second,
      (messages) => messages.includes("to the second"),
    );
    expect(first).toEqual(["to the first"]);

    expect(await other.call("POST", `${device}/disable`)).toMatchObject({ closedSessions: 1, nodes: apps.size });
    await onSecond.closed;
  }, 60_000);
});

/** A member as the file starts it, except for the address and the time in which tests want a new primary. */
function startMember(): Promise<TestServer> {
  return startRedis({
    args: [
      "--cluster-enabled",
      "yes",
      "--cluster-node-timeout",
      "2000",
      "--requirepass",
      PASSWORD,
      "--masterauth",
      PASSWORD,
    ],
  });
}

/** Runs what the container `redis-cluster` runs, twice: a cluster that is made already is left as it is. */
async function makeCluster(addresses: readonly string[], passwordFile: string): Promise<void> {
  const { command, environment } = services["redis-cluster"];
  expect(command[0]).toBe("/make-redis-cluster");
  expect(command.slice(1)).toHaveLength(addresses.length);
  expect(Object.keys(environment)).toEqual(["REDIS_PASSWORD_FILE"]);
  for (const _time of [1, 2]) {
    const made = await runCommand([join(ROOT, "infra/make-redis-cluster"), ...addresses], {
      env: { REDIS_PASSWORD_FILE: passwordFile },
      withinMs: 60_000,
    });
    expect(made).toMatchObject({ code: 0 });
  }
}

function programOf(container: string): ComposeApp | "front" {
  return container.replace(/-\d$/, "") as ComposeApp | "front";
}
