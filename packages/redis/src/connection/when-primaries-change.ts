import type { Cluster } from "ioredis";

/** Calls `listener` each time the client learns that other servers of the Cluster than before have the slots. */
export function whenPrimariesChange(client: Cluster, listener: () => void): void {
  let known = primariesOf(client);
  client.on("refresh", () => {
    const now = primariesOf(client);
    if (now !== known) listener();
    known = now;
  });
}

function primariesOf({ slots }: Cluster): string {
  return [...new Set(slots.map(([primary]) => primary))].toSorted().join();
}
