import { Cluster, Redis } from "ioredis";
import { checkDurability } from "./check-durability.ts";
import { connect } from "./connect.ts";
import { defineScriptOn } from "./define-script.ts";
import type { DurableWrites } from "./durable-writes.ts";
import { parseRedisUrl } from "./parse-redis-url.ts";
import type { RedisHandle } from "./redis-handle.ts";
import { createReplicatedWrites } from "./replicated-writes.ts";
import { addressOf, allServers, connectedServers, newConnectionTo } from "./server-of.ts";
import { subscribe } from "./subscribe.ts";
import { watchConnections } from "./watch-connections.ts";
import { watchPrimary } from "./watch-primary.ts";
import { whenPrimariesChange } from "./when-primaries-change.ts";

/**
 * Connects to Redis.
 *
 * @param url see `parseRedisUrl`.
 * @param replicas how many replicas must have what `durable` writes, before it counts as done.
 * @param ca the certificates (PEM) that sign those of the servers; the well-known ones if absent.
 * @param onFault is told what no caller can be told, such as a lost connection. Never a secret.
 * @throws TypeError when the URL is none, the reason when Redis cannot be reached.
 */
export async function openRedis({
  url,
  replicas = 0,
  ca,
  onFault,
}: {
  url: string;
  replicas?: number;
  ca?: string;
  onFault: (error: unknown) => void;
}): Promise<RedisHandle> {
  const location = parseRedisUrl(url);
  const client = await connect(location, { ca, onFault });
  const durable = replicas > 0 ? createReplicatedWrites(client, replicas) : plainWrites(client);
  const closing = new AbortController();
  watchConnections(client, closing.signal);
  if (location.kind === "sentinel" && client instanceof Redis) watchPrimary(client, closing.signal);

  return {
    commands: client,
    durable,
    isCluster: client instanceof Cluster,
    onFault,
    closing: closing.signal,
    publish: async (channel, text) => Number(await client.spublish(channel, text)),
    subscribe: (options) =>
      subscribe(options, {
        newConnection: () => newConnectionTo(client, addressOf(client, options.channel)),
        onFault,
        closing: closing.signal,
      }),
    onPrimariesChanged(listener) {
      if (client instanceof Cluster) whenPrimariesChange(client, listener);
    },
    async ping() {
      await Promise.all(allServers(client).map((server) => server.ping()));
    },
    checkDurability: () => checkDurability(allServers(client), replicas),
    async close() {
      closing.abort();
      await durable.close();
      // Behind everything that was sent: when it is answered, so is the rest.
      await Promise.allSettled(connectedServers(client).map((server) => server.ping()));
      client.disconnect();
    },
  };
}

/** With no replicas to wait for, a write is like any other command. */
function plainWrites(client: Redis | Cluster): DurableWrites & { close(): Promise<void> } {
  return {
    call: (command, key, ...args) => client.call(command, key, ...args),
    script: (definition) => defineScriptOn(client, definition),
    close: async () => undefined,
  };
}
