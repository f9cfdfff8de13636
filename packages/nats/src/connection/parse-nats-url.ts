/** Where NATS is and how to log in, as a URL says it. */
export interface NatsLocation {
  readonly tls: boolean;
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const SHAPE = /^(nats|tls):\/\/(?:([^@/]*)@)?([^@/?#]+)\/?$/;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 4222;

/**
 * Reads the URL of a NATS server or of some servers of a cluster: `nats://user:pass@h:p,h:p`, `nats://token@h:p`, and `tls` for the
 * same with TLS. Names and passwords are percent-encoded.
 *
 * @throws TypeError when the text is no such URL. The message holds nothing of the text, which may hold a password.
 */
export function parseNatsUrl(url: string): NatsLocation {
  const [, scheme, login, hosts] = SHAPE.exec(url) ?? [];
  if (!scheme || !hosts) throw new TypeError("not a NATS URL: expected nats://host:port or tls://host:port");
  const servers = hosts.split(",").map((part) => {
    const [, host, digits] = ADDRESS.exec(part) ?? [];
    const port = digits === undefined ? DEFAULT_PORT : Number(digits);
    if (!host || port < 1 || port > 65_535) throw new TypeError("the NATS URL holds an address that is not host:port");
    return `${host}:${port}`;
  });
  return { tls: scheme === "tls", servers, ...parseLogin(login) };
}

function parseLogin(text: string | undefined): Pick<NatsLocation, "user" | "pass" | "token"> {
  if (!text) return {};
  const colon = text.indexOf(":");
  if (colon < 0) return { token: decode(text) };
  return { user: decode(text.slice(0, colon)), pass: decode(text.slice(colon + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError("the NATS URL holds a broken percent-encoding");
  }
}
