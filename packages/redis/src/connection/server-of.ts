import { Cluster, Command, type Redis } from "ioredis";

/** Where a server of a Cluster is, as `host:port`; the same text for every key when there is no Cluster. */
export type ServerAddress = string;

/** The address of the server that a key, or a sharded channel, belongs to now. @throws when a Cluster does not know one. */
export function addressOf(client: Redis | Cluster, key: string): ServerAddress {
  if (!(client instanceof Cluster)) return "";
  const [address] = client.slots[new Command("GET", [key]).getSlot()] ?? [];
  if (address === undefined) throw new Error("no server of the Redis Cluster serves this key");
  return address;
}

/** The connections of a client to servers that hold keys: none while a Cluster is gone. */
export function connectedServers(client: Redis | Cluster): Redis[] {
  return client instanceof Cluster ? client.nodes("master") : [client];
}

/** The connections of a client to all servers that hold keys. @throws when a Cluster has none. */
export function allServers(client: Redis | Cluster): [Redis, ...Redis[]] {
  const [server, ...others] = connectedServers(client);
  if (!server) throw new Error("no server of the Redis Cluster is connected");
  return [server, ...others];
}

/**
 * Makes a connection of its own to a server: not connected yet. It queues nothing and never reconnects, so that whoever uses it knows what
 * went over it.
 */
export function newConnectionTo(client: Redis | Cluster, address: ServerAddress): Redis {
  const [server] = allServers(client);
  const colon = address.lastIndexOf(":");
  return server.duplicate({
    ...(colon < 0 ? {} : { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }),
    readOnly: false,
    lazyConnect: true,
    enableAutoPipelining: false,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    reconnectOnError: null,
  });
}
