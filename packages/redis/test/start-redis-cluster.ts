import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, startRedis } from "@trine/testkit/servers";
import { expect, vi } from "vitest";

const run = promisify(execFile);

/** Starts a Redis Cluster of three primaries without replicas. */
export async function startRedisCluster(): Promise<{ url: string; dispose(): Promise<void> }> {
  const servers = await Promise.all([startNode(), startNode(), startNode()]);
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"]);
  await Promise.all(servers.map(({ port }) => untilWhole(port)));
  return {
    url: `redis+cluster://${addresses.join(",")}`,
    async dispose() {
      await Promise.all(servers.map((server) => server.dispose()));
    },
  };
}

async function startNode() {
  return startRedis({ args: ["--cluster-enabled", "yes", "--cluster-port", String(await freePort())] });
}

/** Waits until a server agrees that every slot is served. */
async function untilWhole(port: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"]);
      expect(stdout).toContain("cluster_state:ok");
    },
    { timeout: 30_000 },
  );
}
