import { Cluster, Command, type Redis } from "ioredis";

/**
 * The connection to the server that a key, or a sharded channel, belongs to.
 *
 * @throws when a Cluster does not know one.
 */
export function serverOf(client: Redis | Cluster, key: string): Redis {
  if (!(client instanceof Cluster)) return client;
  const [address] = client.slots[new Command("GET", [key]).getSlot()] ?? [];
  const server = client.nodes("master").find(({ options }) => `${options.host}:${options.port}` === address);
  if (!server) throw new Error("the Redis Cluster does not serve this key now");
  return server;
}

/** The connections to all servers that hold keys. @throws when a Cluster knows none. */
export function allServers(client: Redis | Cluster): Redis[] {
  if (!(client instanceof Cluster)) return [client];
  const servers = client.nodes("master");
  if (servers.length === 0) throw new Error("no server of the Redis Cluster is connected");
  return servers;
}
