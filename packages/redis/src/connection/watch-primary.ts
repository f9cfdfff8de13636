import { lookup } from "node:dns/promises";
import { Redis, type RedisOptions } from "ioredis";

const INTERVAL_MS = 1_000;

/**
 * Leaves a server that the sentinels do not hold for the primary any more. A primary that hung for a while still thinks that it is one, and
 * takes writes that are lost when the sentinels get hold of it some ten seconds later.
 *
 * @param client found its server by sentinels.
 */
export function watchPrimary(client: Redis, closing: AbortSignal): void {
  const { sentinels, name } = client.options;
  let next = 0;
  let sentinel: Redis | undefined;

  /** One sentinel as long as it answers, then the next one. */
  function askedSentinel(): Redis {
    if (sentinel && sentinel.status !== "end") return sentinel;
    const place = sentinels?.[next % sentinels.length] ?? {};
    next += 1;
    sentinel = new Redis({ ...sentinelOptions(client), ...place });
    // What matters is that it does not answer.
    sentinel.on("error", () => undefined);
    return sentinel;
  }

  async function look(): Promise<void> {
    const asked = askedSentinel();
    try {
      const answer = await asked.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name ?? "");
      const [host, port] = answer as [string, string];
      const { address } = await lookup(host);
      const { remoteAddress, remotePort } = client.stream;
      if (client.status !== "ready" || (address === remoteAddress && Number(port) === remotePort)) return;
      client.disconnect(true);
    } catch {
      asked.disconnect();
    }
  }

  const timer = setInterval(() => void look(), INTERVAL_MS);
  closing.addEventListener("abort", () => {
    clearInterval(timer);
    sentinel?.disconnect();
  });
}

function sentinelOptions({ options }: Redis): RedisOptions {
  return {
    ...(options.sentinelTLS ? { tls: options.sentinelTLS } : {}),
    connectTimeout: options.connectTimeout,
    disconnectTimeout: options.disconnectTimeout,
    commandTimeout: options.sentinelCommandTimeout,
    enableReadyCheck: false,
    retryStrategy: () => null,
  };
}
