import { spawnProcess } from "./spawn-process.ts";
import { makeTempFolder } from "./temp-folder.ts";
import { startRestartable, type TestServer } from "./test-server.ts";

interface NatsOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Further arguments, such as `["--user", "a", "--pass", "b"]`. */
  readonly args?: readonly string[];
}

/** Starts a NATS server of the test's own from the `nats-server` on the PATH, with JetStream in a folder of its own. */
export async function startNats({ port, args = [] }: NatsOptions = {}): Promise<TestServer> {
  const folder = await makeTempFolder("nats");
  return startRestartable({
    port,
    folder,
    url: (chosen) => `nats://127.0.0.1:${chosen}`,
    start: (chosen) =>
      spawnProcess({
        command: [
          "nats-server",
          ...["--addr", "127.0.0.1", "--port", String(chosen), "--jetstream", "--store_dir", folder.path],
          ...args,
        ],
        ready: /Server is ready/,
      }),
    isPortTaken: /address already in use/i,
  });
}
