import { Cluster, type Redis } from "ioredis";
import { checkDurability } from "./check-durability.ts";
import { connect } from "./connect.ts";
import { parseRedisUrl } from "./parse-redis-url.ts";
import type { RedisHandle } from "./redis-handle.ts";

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
  const location = parseRedisUrl(url);
  const client = await connect(location, { onFault, autoPipelining: true });
  const subscribers = new Set<Redis | Cluster>();
  const closing = new AbortController();

  return {
    commands: client,
    isCluster: client instanceof Cluster,
    onFault,
    closing: closing.signal,
    async openSubscriber() {
      const subscriber = await connect(location, { onFault, autoPipelining: false });
      if (closing.signal.aborted) subscriber.disconnect();
      subscribers.add(subscriber);
      return subscriber;
    },
    async ping() {
      await Promise.all(serversOf(client).map((server) => server.ping()));
    },
    checkDurability: () => checkDurability(serversOf(client)),
    async close() {
      closing.abort();
      for (const subscriber of subscribers) subscriber.disconnect();
      // Behind everything that was sent: when it is answered, so is the rest.
      await Promise.allSettled(serversOf(client).map((server) => server.ping()));
      client.disconnect();
    },
  };
}

function serversOf(client: Redis | Cluster): Redis[] {
  if (!(client instanceof Cluster)) return [client];
  const servers = client.nodes("master");
  if (servers.length === 0) throw new Error("no server of the Redis Cluster is connected");
  return servers;
}
