import { freePort } from "./free-port.ts";
import { ProcessStartError, type RunningProcess } from "./spawn-process.ts";
import type { TempFolder } from "./temp-folder.ts";

/** A server of a test's own, whose data outlives `stop`, `kill` and `restart`. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it as an operator would. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again with its data and on its port; stops it first if it runs. */
  restart(): Promise<void>;
  /** Kills it and deletes the data that it made. What is forgotten is killed and deleted when the process ends. */
  dispose(): Promise<void>;
}

/**
 * Starts a server on a port of its own and keeps what it takes to start it again.
 *
 * @param start spawns the program on a port.
 * @param isPortTaken whether a failed start says that somebody else has the port; another one is tried then.
 */
export async function startRestartable({
  port: wanted,
  folder,
  url,
  start,
  isPortTaken,
}: {
  port: number | undefined;
  folder: TempFolder | undefined;
  url: (port: number) => string;
  start: (port: number) => Promise<RunningProcess>;
  isPortTaken: RegExp;
}): Promise<TestServer> {
  const first = await startOnFreePort();
  const { port } = first;
  let { running } = first;

  async function startOnFreePort(attempts = 5): Promise<{ port: number; running: RunningProcess }> {
    const free = wanted ?? (await freePort());
    try {
      return { port: free, running: await start(free) };
    } catch (error) {
      const taken = error instanceof ProcessStartError && error.lines.some((line) => isPortTaken.test(line));
      if (!taken || wanted !== undefined || attempts <= 1) throw error;
      return startOnFreePort(attempts - 1);
    }
  }

  const dispose = async () => {
    await running.kill();
    await folder?.remove();
  };
  return {
    port,
    url: url(port),
    stop: async () => void (await running.stop()),
    kill: async () => void (await running.kill()),
    async restart() {
      await running.stop();
      running = await start(port);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
