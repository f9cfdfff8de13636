import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectMqtt } from "@trine/device";
import { startPostgres, startRedis } from "@trine/testkit/servers";
import rhea, { type ConnectionOptions, type EventContext } from "rhea";
import { moveToLoadCore } from "../cores.ts";
import { call, registerDevices } from "../fleet.ts";
import { cpuSeconds } from "../measure.ts";
import { ADMIN_KEY, type BenchApi, type BenchServer, sharedEnvironment, startApp } from "../servers.ts";

// npm run bench:amqp [-- --messages 50000 --bytes 200 --on embedded|shared]: what it costs to hand the same messages to an application over
// AMQP and over the REST API, each acknowledged, from one log by one consumer of a group of its own.
const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "50000" },
    bytes: { type: "string", default: "200" },
    on: { type: "string", default: "embedded" },
  },
});
const messages = Number(values.messages);
const payload = "x".repeat(Number(values.bytes));

const DEVICES = 50;
/** Messages of one read over REST. */
const READ = 200;

moveToLoadCore();
const { server, api, stop } = await start();
try {
  await fill();
  console.log("| Way | On | messages | per second | server CPU, µs each |\n|---|---|---|---|---|");
  for (const [way, drain] of [
    ["REST read", readAll],
    ["AMQP", subscribe],
    ["REST read, again", readAll],
    ["AMQP, again", subscribe],
  ] as const)
    await measure(way, drain);
  console.log(
    `\n${cpus()[0]?.model}, ${cpus().length} cores, ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  );
} finally {
  await stop();
}

/** A gateway on the embedded default, or on Postgres and Redis, which run on the load's core. */
async function start(): Promise<{ server: BenchServer; api: BenchApi; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "trine-bench-"));
  const stores = values.on === "shared" ? await startStores(folder) : undefined;
  const gateway = await startApp("gateway", {
    TRINE_DATA_DIR: folder,
    TRINE_AMQP_PORT: "0",
    ...stores?.environment,
  });
  return {
    server: gateway,
    api: { adminPort: gateway.ports.TRINE_ADMIN_PORT ?? 0, adminKey: ADMIN_KEY },
    async stop() {
      await gateway.stop();
      await stores?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startStores(folder: string) {
  const [postgres, redis] = await Promise.all([
    startPostgres({ durable: true }),
    startRedis({ appendfsync: "everysec" }),
  ]);
  return {
    environment: sharedEnvironment({ folder, databaseUrl: await postgres.createDatabase(), redisUrl: redis.url }),
    stop: () => Promise.all([postgres.dispose(), redis.dispose()]),
  };
}

async function fill(): Promise<void> {
  const { devices } = await registerDevices(api, DEVICES);
  await Promise.all(
    devices.map(async (certificate) => {
      const port = server.ports.TRINE_MQTT_PORT ?? 0;
      const device = await connectMqtt({ host: "127.0.0.1", port, certificate });
      const topic = `/${certificate.productKey}/${certificate.deviceName}/user/update`;
      for (let left = Math.ceil(messages / DEVICES); left > 0; left -= 1) await device.publish({ topic, payload });
      await device.close();
    }),
  );
}

async function measure(way: string, drain: (group: string) => Promise<void>): Promise<void> {
  const before = { cpu: cpuSeconds(server.pid), at: performance.now() };
  await drain(way.replaceAll(/[^A-Za-z]/g, "-"));
  const seconds = (performance.now() - before.at) / 1_000;
  const micros = ((cpuSeconds(server.pid) - before.cpu) * 1e6) / messages;
  console.log(`| ${[way, values.on, messages, Math.round(messages / seconds), micros.toFixed(1)].join(" | ")} |`);
}

async function readAll(group: string): Promise<void> {
  const path = `/v1/uplink/groups/${group}`;
  for (let got = 0; got < messages; ) {
    const { items } = (await call(api, "POST", `${path}/read`, { consumer: "bench", count: READ, waitMs: 1_000 })) as {
      items: { id: string }[];
    };
    got += items.length;
    if (items.length > 0) await call(api, "POST", `${path}/ack`, { ids: items.map(({ id }) => id) });
  }
}

async function subscribe(group: string): Promise<void> {
  const { accessKeyId, accessKeySecret } = (await call(api, "POST", "/v1/access-keys", {
    name: group,
    role: "operator",
  })) as { accessKeyId: string; accessKeySecret: string };
  const timestamp = Date.now();
  const signed = `authId=${accessKeyId}&timestamp=${timestamp}`;
  const container = rhea.create_container();
  const connection = container.connect({
    host: "127.0.0.1",
    port: server.ports.TRINE_AMQP_PORT ?? 0,
    reconnect: false,
    username: `bench|authMode=aksign,signMethod=hmacsha1,timestamp=${timestamp},authId=${accessKeyId},consumerGroupId=${group}|`,
    password: createHmac("sha1", accessKeySecret).update(signed).digest("base64"),
  } as ConnectionOptions);
  let got = 0;
  await new Promise<void>((done, fail) => {
    container.on("message", ({ delivery }: EventContext) => {
      delivery?.accept();
      got += 1;
      if (got === messages) done();
    });
    container.on("disconnected", ({ error }: EventContext) => fail(error ?? new Error("the gateway closed it")));
    connection.open_receiver({ autoaccept: false, credit_window: 1_000 });
  });
  container.removeAllListeners("disconnected").on("disconnected", () => undefined);
  container.once("connection_close", () => undefined);
  connection.close();
}
