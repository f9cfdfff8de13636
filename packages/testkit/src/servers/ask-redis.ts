import { Redis } from "ioredis";

/** Sends one command to a Redis server of the loopback, on a connection of its own. @throws when it does not answer. */
export async function askRedis(port: number, command: string, ...args: (string | number)[]): Promise<unknown> {
  const client = new Redis(port, "127.0.0.1", { retryStrategy: () => null, lazyConnect: true, commandTimeout: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
