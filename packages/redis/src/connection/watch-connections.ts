import { Cluster, Command, type Redis } from "ioredis";
import { connectedServers } from "./server-of.ts";

const INTERVAL_MS = 1_000;
const MOST_FAILURES = 2;

/**
 * Replaces connections over which two questions in a row got no answer. A network that swallows packets, or a server that hangs, ends no
 * connection by itself for minutes, and goes on where it was when it comes back.
 *
 * @param client whose commands time out.
 */
export function watchConnections(client: Redis | Cluster, closing: AbortSignal): void {
  const failures = new WeakMap<Redis, number>();

  async function look(server: Redis): Promise<void> {
    if (server.status !== "ready") return;
    try {
      // Past the pipelines of the client, where it would wait behind what hangs.
      const question = new Command("PING");
      await Promise.all([server.sendCommand(question), question.promise]);
      failures.delete(server);
    } catch {
      const count = (failures.get(server) ?? 0) + 1;
      failures.set(server, count);
      if (count < MOST_FAILURES) return;
      failures.delete(server);
      // The pool of a Cluster makes another by itself.
      server.disconnect(!(client instanceof Cluster));
    }
  }

  const timer = setInterval(() => {
    for (const server of connectedServers(client)) void look(server);
  }, INTERVAL_MS);
  closing.addEventListener("abort", () => clearInterval(timer), { once: true });
}
