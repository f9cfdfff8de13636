import { existsSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import {
  createTestDatabase,
  spawnProcess,
  startPostgres,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from "../src/servers/index.ts";

async function select(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Whether a process runs. One that is dead but not yet waited for by its parent does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("servers for tests", () => {
  it("keeps an acknowledged write of Redis over SIGKILL and restart", async () => {
    await using server = await startRedis();
    const before = new Redis(server.url, { retryStrategy: () => null });
    before.on("error", () => undefined);
    await before.set("key", "value");
    expect(await before.config("GET", "appendfsync")).toEqual(["appendfsync", "always"]);
    await server.kill();
    before.disconnect();
    await server.restart();
    const after = new Redis(server.url);
    expect(await after.get("key")).toBe("value");
    after.disconnect();
  });

  it("replaces a killed primary of a Redis Cluster by its replica", async () => {
    await using cluster = await startRedisCluster();
    const primary = await cluster.primaryOf("key");
    await primary.kill();
    const portNow = () => cluster.primaryOf("key").then(({ port }) => port);
    await expect.poll(portNow, { timeout: 15_000 }).not.toBe(primary.port);
  });

  it("replaces a killed primary behind sentinels by its replica", async () => {
    await using servers = await startRedisSentinel();
    const [first, replica] = servers.members;
    expect(await servers.primary()).toBe(first);
    await first.kill();
    await expect.poll(() => servers.primary(), { timeout: 15_000 }).toBe(replica);
  });

  it("keeps a committed row of Postgres over SIGKILL and restart", async () => {
    await using server = await startPostgres({ durable: true });
    const url = await server.createDatabase();
    await select(url, "create table kept as select 1 as n");
    await server.kill();
    await server.restart();
    expect(await select(url, "select n from kept")).toEqual([{ n: 1 }]);
    expect(await select(url, "show fsync")).toEqual([{ fsync: "on" }]);
  });

  it("gives every caller an empty database of the shared server", async () => {
    const urls = await Promise.all([createTestDatabase(), createTestDatabase()]);
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) await select(url, "create table mine (n int)");
  });

  it("tells what a program wrote that ended before it was ready", async () => {
    const start = spawnProcess({ command: ["/bin/sh", "-c", "echo no luck >&2; exit 3"], ready: /^ready$/ });
    await expect(start).rejects.toThrow(/code 3[\s\S]*no luck/);
  });

  it("kills what a program started as well", async () => {
    const running = await spawnProcess({
      command: ["/bin/sh", "-c", "sleep 1000 & echo $!; echo ready; wait"],
      ready: /^ready$/,
    });
    const grandchild = Number(await running.line(/^\d+$/));
    await running.kill();
    expect(isRunning(grandchild)).toBe(false);
  });

  it("kills a program and deletes its folder when the test process is killed", async () => {
    const script = `
      import { makeTempFolder, spawnProcess } from ${JSON.stringify(new URL("../src/servers/index.ts", import.meta.url).href)};
      const folder = await makeTempFolder();
      const child = await spawnProcess({ command: ["/bin/sh", "-c", "echo ready; exec sleep 1000"], ready: /^ready$/ });
      console.log("left " + child.pid + " " + folder.path);
      setInterval(() => {}, 1000);`;
    await using owner = await spawnProcess({
      command: [process.execPath, "--import", "tsx", "--input-type=module", "-e", script],
      ready: /^left /,
    });
    const [, pid, path] = (await owner.line(/^left /)).split(" ");
    process.kill(owner.pid, "SIGKILL");
    await owner.ended;
    await expect
      .poll(() => [isRunning(Number(pid)), existsSync(path ?? "")], { timeout: 5_000 })
      .toEqual([false, false]);
  });
});
