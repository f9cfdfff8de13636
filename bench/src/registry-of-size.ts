import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres } from "@trine/postgres";
import { type PostgresServer, startRedis } from "@trine/testkit/servers";
import type { BenchDevice } from "./bench-devices.ts";
import { registerDevices } from "./fleet.ts";
import { ADMIN_KEY, type BenchServer, sharedEnvironment, startApp } from "./servers.ts";

/** MQTT processes on a registry of a known size. */
export interface RegistryOfSize {
  readonly size: number;
  /** Of all devices some, spread evenly over the rest in tables and indexes. */
  readonly devices: readonly BenchDevice[];
  /** Keeps every one of those devices at hand. */
  readonly remembering: BenchServer;
  /** Keeps so few at hand that each login asks Postgres. */
  readonly forgetful: BenchServer;
  stop(): Promise<void>;
}

/** How many devices the load uses: as many in each size, since what a process remembers of those that talk has a price of its own. */
const DEVICES_USED = 1_000;

/** Registers devices in a database and a Redis of their own, and starts the processes. */
export async function startRegistryOfSize(postgres: PostgresServer, size: number): Promise<RegistryOfSize> {
  const folder = mkdtempSync(join(tmpdir(), "trine-bench-"));
  const databaseUrl = await postgres.createDatabase();
  const redis = await startRedis({ appendfsync: "always" });
  const environment = sharedEnvironment({ folder, databaseUrl, redisUrl: redis.url });
  const admin = await startApp("admin", environment);
  const adminPort = admin.ports.TRINE_ADMIN_PORT ?? 0;
  const { devices } = await registerDevices({ adminPort, adminKey: ADMIN_KEY }, Math.min(size, DEVICES_USED));
  await admin.stop();
  await fillUp(databaseUrl, { among: devices.length, count: size - devices.length });
  const remembering = await startApp("mqtt", environment);
  const forgetful = await startApp("mqtt", { ...environment, TRINE_CACHE_DEVICES: "100" });
  return {
    size,
    devices,
    remembering,
    forgetful,
    async stop() {
      await Promise.all([remembering.stop(), forgetful.stop()]);
      await redis.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Adds rows of devices that nobody uses, named so that they lie between those that are, and puts the table in the order of names. */
async function fillUp(url: string, { among, count }: { among: number; count: number }): Promise<void> {
  const database = await openPostgres({ url, onFault: console.error });
  const client = await database.connectPatiently();
  await client.query(
    `insert into devices (product_key, device_name, iot_id, sealed_secret, created_at_ms, activated_at_ms)
      select used.product_key, used.device_name || '_' || n, left(md5(n::text), 30), repeat(md5(n::text), 3), 0, 1
      from generate_series(1, $1::int) as n
      join (select product_key, device_name, row_number() over () as at from devices) as used on used.at = 1 + n % $2::int`,
    [count, among],
  );
  const { rows } = await client.query<{ name: string }>(
    "select conname as name from pg_constraint where conrelid = 'devices'::regclass and contype = 'p'",
  );
  await client.query(`cluster devices using ${client.escapeIdentifier(rows[0]?.name ?? "")}`);
  await client.query("vacuum analyze devices");
  await client.query("checkpoint");
  await client.end();
  await database.close();
}
