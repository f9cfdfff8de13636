import { spawnProcess } from "./spawn-process.ts";
import { makeTempFolder } from "./temp-folder.ts";
import { startRestartable, type TestServer } from "./test-server.ts";

export interface RedisOptions {
  /** Where it keeps its data; default a temporary folder. */
  readonly dir?: string;
  /** Default a free one. */
  readonly port?: number;
  /** When a write is on the disk: before its answer (default), or within a second or two. */
  readonly appendfsync?: "always" | "everysec";
  /** Speaks TLS, and nothing else, with this certificate (PEM). */
  readonly tls?: { readonly keyFile: string; readonly certFile: string };
  /** Further arguments, such as `["--cluster-enabled", "yes"]`. */
  readonly args?: readonly string[];
}

/**
 * Starts a Redis server of the test's own from the `redis-server` on the PATH, as durable as production asks for:
 * append-only file, `appendfsync always`, `noeviction`.
 */
export async function startRedis({
  dir,
  port,
  appendfsync = "always",
  tls,
  args = [],
}: RedisOptions = {}): Promise<TestServer> {
  const folder = dir === undefined ? await makeTempFolder("redis") : undefined;
  return startRestartable({
    port,
    folder,
    url: (chosen) => `${tls ? "rediss" : "redis"}://127.0.0.1:${chosen}`,
    start: (chosen) =>
      spawnProcess({
        command: [
          "redis-server",
          ...["--bind", "127.0.0.1", ...portArguments(chosen, tls), "--dir", dir ?? folder?.path ?? "."],
          ...["--appendonly", "yes", "--appendfsync", appendfsync, "--maxmemory-policy", "noeviction", "--save", ""],
          ...args,
        ],
        ready: /Ready to accept connections/,
      }),
    isPortTaken: /Address already in use/,
  });
}

function portArguments(port: number, tls: RedisOptions["tls"]): string[] {
  if (!tls) return ["--port", String(port)];
  const files = ["--tls-key-file", tls.keyFile, "--tls-cert-file", tls.certFile, "--tls-ca-cert-file", tls.certFile];
  return ["--port", "0", "--tls-port", String(port), ...files, "--tls-auth-clients", "no"];
}
