import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

/** One sharded channel, received on a connection of its own from the server that it belongs to. */
export interface Subscription {
  /** Which connection it is on: grows with each one. */
  readonly connectionNumber: number;
  /** Gives up connection `number`, unless another one took its place already. It may be dead without saying so. */
  renew(number: number): void;
  /** Receives no more. */
  close(): Promise<void>;
}

export interface SubscriptionOptions {
  readonly channel: string;
  readonly onMessage: (text: string) => void;
  /** A connection is lost: from here on until the next one messages are missed. */
  readonly onLost: () => void;
}

const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

/**
 * Subscribes, and again whenever the connection is lost, where the channel is then. Resolves when it receives.
 *
 * ioredis can do this for a Cluster as well (`shardedSubscribers`). It holds a second client of the whole Cluster for it, and does not tell
 * which channel went without a server, and for how long.
 *
 * @param newConnection makes one to the server that the channel belongs to now: not connected yet, and one that never reconnects.
 * @throws when the first attempt fails.
 */
export async function subscribe(
  { channel, onMessage, onLost }: SubscriptionOptions,
  deps: { newConnection: () => Redis; onFault: (error: unknown) => void; closing: AbortSignal },
): Promise<Subscription> {
  const closed = new AbortController();
  const signal = AbortSignal.any([closed.signal, deps.closing]);
  let connectionNumber = 0;
  let connection = await open();
  signal.addEventListener("abort", () => connection.disconnect(), { once: true });
  void keepOpen();

  async function open(): Promise<Redis> {
    const opened = deps.newConnection();
    // Also when the channel moves to another server: this one says so unasked, which the client takes for an error.
    opened.on("error", (error: unknown) => {
      deps.onFault(error);
      opened.disconnect();
    });
    opened.on("smessage", (_channel: string, text: string) => onMessage(text));
    try {
      await opened.connect();
      await opened.ssubscribe(channel);
      connectionNumber += 1;
      return opened;
    } catch (error) {
      opened.disconnect();
      throw error;
    }
  }

  async function keepOpen(): Promise<void> {
    while (!signal.aborted) {
      await untilEnd(connection);
      if (!signal.aborted) onLost();
      for (let attempt = 1; !signal.aborted && connection.status === "end"; attempt += 1) {
        await sleep(Math.min(RETRY_MS * attempt, LONGEST_RETRY_MS), undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) connection = await open().catch(() => connection);
      }
    }
    connection.disconnect();
  }

  return {
    get connectionNumber() {
      return connectionNumber;
    },
    renew(number) {
      if (number === connectionNumber) connection.disconnect();
    },
    async close() {
      await connection.sunsubscribe(channel).catch(() => undefined);
      closed.abort();
    },
  };
}

async function untilEnd(connection: Redis): Promise<void> {
  if (connection.status === "end") return;
  await new Promise<void>((resolve) => connection.once("end", () => resolve()));
}
