/** Where Redis is, as a URL says it. */
export type RedisLocation = {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
} & (
  | { readonly kind: "server"; readonly host: string; readonly port: number; readonly db: number }
  | { readonly kind: "cluster"; readonly nodes: readonly RedisAddress[] }
  | { readonly kind: "sentinel"; readonly nodes: readonly RedisAddress[]; readonly name: string }
);

interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^/?#]*))?$/;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;
const PORTS = { server: 6379, cluster: 6379, sentinel: 26_379 };

/**
 * Reads the URL of a Redis server, of a Cluster or of the sentinels of a server:
 * `redis://user:pass@host:port/db`, `redis+cluster://user:pass@h:p,h:p`, `redis+sentinel://user:pass@h:p,h:p/name`, and `rediss` for
 * each with TLS. Names and passwords are percent-encoded; they belong to the data servers, sentinels are asked without.
 *
 * @throws TypeError when the text is no such URL. The message holds nothing of the text, which may hold a password.
 */
export function parseRedisUrl(url: string): RedisLocation {
  const [, scheme, kind = "server", user, hosts = "", path = ""] = SHAPE.exec(url) ?? [];
  if (!scheme)
    throw new TypeError("not a Redis URL: expected redis[s]://, redis[s]+cluster:// or redis[s]+sentinel://");
  const login = { tls: scheme === "rediss", ...parseUser(user) };
  if (kind === "cluster") {
    if (path !== "") throw new TypeError("a Redis Cluster has no database number");
    return { kind, nodes: parseAddresses(hosts, PORTS.cluster), ...login };
  }
  if (kind === "sentinel") {
    if (path === "") throw new TypeError("a sentinel URL ends with the name of the server: /name");
    return { kind, nodes: parseAddresses(hosts, PORTS.sentinel), name: decode(path), ...login };
  }
  const [node, ...more] = parseAddresses(hosts, PORTS.server);
  if (!node || more.length > 0) throw new TypeError("several hosts need redis+cluster:// or redis+sentinel://");
  return { kind: "server", ...node, db: parseDb(path), ...login };
}

function parseUser(text: string | undefined): Pick<RedisLocation, "username" | "password"> {
  if (!text) return { username: undefined, password: undefined };
  const colon = text.indexOf(":");
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? undefined : decode(text.slice(colon + 1));
  if (!password && username) throw new TypeError("a Redis user needs a password: user:password@");
  return { username: username || undefined, password: password || undefined };
}

function parseAddresses(text: string, defaultPort: number): RedisAddress[] {
  return text.split(",").map((part) => {
    const [, host, digits] = ADDRESS.exec(part) ?? [];
    const port = digits === undefined ? defaultPort : Number(digits);
    if (!host || port < 1 || port > 65_535) throw new TypeError("the Redis URL holds an address that is not host:port");
    return { host: host.replace(/^\[|\]$/g, ""), port };
  });
}

function parseDb(path: string): number {
  if (!/^\d{0,5}$/.test(path)) throw new TypeError("the path of a Redis URL is a database number");
  return Number(path);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError("the Redis URL holds a broken percent-encoding");
  }
}
