import { randomBytes } from "node:crypto";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTempFolder, startPostgres, startRedis, type TempFolder } from "@trine/testkit/servers";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectAllThere, settleIn } from "../src/belongings.ts";
import { startInstallation } from "../src/installation.ts";
import { runCommand } from "../src/run-command.ts";

let folder: TempFolder;

beforeAll(async () => {
  folder = await makeTempFolder("backup-servers");
});
afterAll(() => folder?.remove());

it("backups of a running Postgres and Redis, restored with the master key, let every device in again, its token and messages with it", async () => {
  const keyFile = join(folder.path, "master-key");
  await writeFile(keyFile, `${randomBytes(32).toString("base64")}\n`);
  const start = (servers: { DATABASE_URL: string; REDIS_URL: string }) =>
    startInstallation("embedded", { ...servers, TRINE_MASTER_KEY_FILE: keyFile });
  const backups = { redis: join(folder.path, "redis"), postgres: join(folder.path, "postgres") };

  const [postgres, redis] = await Promise.all([startPostgres({ durable: true }), startRedis()]);
  const databaseUrl = await postgres.createDatabase();
  const first = await start({ DATABASE_URL: databaseUrl, REDIS_URL: redis.url });
  const { belongings, http, coap } = await settleIn(first);
  // docs/operations.md: Redis first, so that Postgres knows every device that Redis names.
  await backUpRedis(redis.port, backups.redis);
  await backUpPostgres(postgres.url, backups.postgres);
  await Promise.all([http.close(), coap.close()]);
  await first.dispose();
  await Promise.all([postgres.dispose(), redis.dispose()]);

  const [restored, restoredRedis] = await Promise.all([
    startPostgres({ durable: true, backup: backups.postgres }),
    startRedis({ dir: backups.redis }),
  ]);
  const database = new URL(databaseUrl).pathname;
  const second = await start({ DATABASE_URL: new URL(database, restored.url).href, REDIS_URL: restoredRedis.url });
  try {
    await expectAllThere(second, belongings);
  } finally {
    await second.dispose();
    await Promise.all([restored.dispose(), restoredRedis.dispose()]);
  }
}, 120_000);

/** Copies the append-only file as docs/operations.md says, while no rewrite of it is under way and none begins. */
async function backUpRedis(port: number, to: string): Promise<void> {
  const ask = async (...command: readonly string[]) => {
    const { code, stdout } = await runCommand(["redis-cli", "-p", String(port), ...command]);
    expect(code).toBe(0);
    return stdout;
  };
  await ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "0");
  expect(await ask("INFO", "persistence")).toMatch(/aof_rewrite_in_progress:0/);
  const [, dir = ""] = (await ask("CONFIG", "GET", "dir")).split("\n");
  await cp(join(dir, "appendonlydir"), join(to, "appendonlydir"), { recursive: true });
  await ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "100");
}

/** What `pg_basebackup -X stream` does, by the server's own functions: the program is not among those that come with the tests' server. */
async function backUpPostgres(url: string, to: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    const from = rows[0]?.data_directory ?? "";
    await client.query("select pg_backup_start('trine', true)");
    await cp(from, to, { recursive: true });
    const { rows: stops } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    await writeFile(join(to, "backup_label"), stops[0]?.labelfile ?? "");
    // The log of what changed while the folder was copied.
    await cp(join(from, "pg_wal"), join(to, "pg_wal"), { recursive: true });
    await rm(join(to, "postmaster.pid"));
  } finally {
    await client.end();
  }
}
