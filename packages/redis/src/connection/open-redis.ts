import { Cluster, type Redis } from "ioredis";
import { checkDurability } from "./check-durability.ts";
import { connect } from "./connect.ts";
import { parseRedisUrl } from "./parse-redis-url.ts";
import type { RedisHandle } from "./redis-handle.ts";
import { allServers, serverOf } from "./server-of.ts";
import { subscribe } from "./subscribe.ts";

/**
 * Connects to Redis.
 *
 * @param url see `parseRedisUrl`.
 * @param onFault is told what no caller can be told, such as a lost connection. Never a secret.
 * @throws TypeError when the URL is none, the reason when Redis cannot be reached.
 */
export async function openRedis({
  url,
  onFault,
}: {
  url: string;
  onFault: (error: unknown) => void;
}): Promise<RedisHandle> {
  const client = await connect(parseRedisUrl(url), onFault);
  const closing = new AbortController();

  return {
    commands: client,
    isCluster: client instanceof Cluster,
    onFault,
    closing: closing.signal,
    publish: async (channel, text) => Number(await client.spublish(channel, text)),
    subscribe: (options) =>
      subscribe(options, {
        newConnection: () => newSubscriber(client, options.channel),
        onFault,
        closing: closing.signal,
      }),
    async ping() {
      await Promise.all(allServers(client).map((server) => server.ping()));
    },
    checkDurability: () => checkDurability(allServers(client)),
    async close() {
      closing.abort();
      // Behind everything that was sent: when it is answered, so is the rest.
      await Promise.allSettled(allServers(client).map((server) => server.ping()));
      client.disconnect();
    },
  };
}

/** A connection to where a channel is now. */
function newSubscriber(client: Redis | Cluster, channel: string): Redis {
  return serverOf(client, channel).duplicate({
    lazyConnect: true,
    enableAutoPipelining: false,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    reconnectOnError: null,
  });
}
