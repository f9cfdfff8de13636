import type { ChainableCommander, Redis } from "ioredis";

/** One write on its way to a server. */
export interface Write {
  /** @param scripts what the server has of the connection's scripts, by hash; the write adds what it brings. */
  readonly addTo: (pipeline: ChainableCommander, scripts: Set<string>) => unknown;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
  /** The slot is on its way to the server, which takes the write only when asked so. */
  readonly asking?: boolean;
}

/** The writes to one server: one batch at a time, each followed by one WAIT. */
export interface WriteLane {
  add(write: Write): void;
  /** Waits for what was added, and disconnects. */
  close(): Promise<void>;
}

const WAIT_MS = 500;
const MOST_IN_BATCH = 500;
const CONNECT_MS = 900;

/**
 * Opens a lane. What is added in one turn of the event loop, or while a batch is on its way, travels together: WAIT holds up its connection,
 * and answers for everything that was written on it before.
 *
 * @param newConnection makes a connection to the server: not connected yet, and one that never reconnects.
 * @param replicas how many must have a write.
 * @param redirect is asked about each write that the server did not carry out; whether it is taken care of elsewhere.
 */
export function openWriteLane({
  newConnection,
  replicas,
  redirect,
}: {
  newConnection: () => Redis;
  replicas: number;
  redirect: (write: Write, error: Error) => boolean;
}): WriteLane {
  const queue: Write[] = [];
  let running: Promise<void> | undefined;
  let connection: Redis | undefined;
  let scripts = new Set<string>();

  /** The next write looks for the primary again. */
  function dropConnection(): void {
    connection?.disconnect();
    connection = undefined;
  }

  async function connect(): Promise<Redis> {
    if (connection?.status === "ready") return connection;
    dropConnection();
    const opened = newConnection();
    // The writes tell what is wrong with it.
    opened.on("error", () => undefined);
    connection = opened;
    scripts = new Set();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, CONNECT_MS, new Error("Redis does not take a connection"));
    });
    await Promise.race([opened.connect(), late]).finally(() => clearTimeout(timer));
    return opened;
  }

  async function sendAll(): Promise<void> {
    // Others of this turn are to come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = queue.splice(0, MOST_IN_BATCH);
      try {
        await send(batch, await connect());
      } catch (error) {
        for (const { reject } of [...batch, ...queue.splice(0)]) reject(error as Error);
      }
    }
    running = undefined;
  }

  async function send(batch: readonly Write[], to: Redis): Promise<void> {
    const pipeline = to.pipeline();
    const places = batch.map(({ addTo, asking }) => {
      if (asking) pipeline.asking();
      addTo(pipeline, scripts);
      return pipeline.length - 1;
    });
    pipeline.wait(replicas, WAIT_MS);
    const results = (await pipeline.exec()) ?? [];
    const shortage = shortageOf(results.at(-1), replicas);
    // Its replicas may follow another primary by now.
    if (shortage) dropConnection();
    for (const [i, write] of batch.entries()) {
      const [error, reply] = results[places[i] ?? 0] ?? [new Error("Redis gave no answer")];
      if (error) fail(write, error);
      else if (shortage) write.reject(shortage);
      else write.resolve(reply);
    }
  }

  function fail(write: Write, error: Error): void {
    if (error.message.startsWith("NOSCRIPT")) {
      scripts.clear();
      queue.push(write);
      return;
    }
    if (redirect(write, error)) return;
    // It hangs, is gone, or is no primary any more.
    if (error.name !== "ReplyError" || error.message.startsWith("READONLY")) dropConnection();
    write.reject(error);
  }

  return {
    add(write) {
      queue.push(write);
      running ??= sendAll();
    },
    async close() {
      await running;
      dropConnection();
    },
  };
}

function shortageOf(waited: [Error | null, unknown] | undefined, replicas: number): Error | undefined {
  const [error, count] = waited ?? [new Error("Redis did not answer to WAIT")];
  if (error) return error;
  return Number(count) >= replicas ? undefined : new Error(`${count} replicas have the write, and ${replicas} have to`);
}
