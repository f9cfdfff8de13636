import { createHash } from "node:crypto";
import { Cluster, type Redis } from "ioredis";
import type { DurableWrites } from "./durable-writes.ts";
import { addressOf, newConnectionTo, type ServerAddress } from "./server-of.ts";
import { openWriteLane, type Write, type WriteLane } from "./write-lane.ts";

/**
 * Writes that count when `replicas` replicas have them: see docs/decisions/0009.
 *
 * They go on connections of their own, one to each server that is written to, since WAIT holds up its connection.
 */
export function createReplicatedWrites(
  client: Redis | Cluster,
  replicas: number,
): DurableWrites & { close(): Promise<void> } {
  let closed = false;
  const lanes = new Map<ServerAddress, WriteLane>();

  function laneTo(address: ServerAddress): WriteLane {
    const known = lanes.get(address);
    if (known) return known;
    const lane = openWriteLane({ newConnection: () => newConnectionTo(client, address), replicas, redirect });
    lanes.set(address, lane);
    return lane;
  }

  /** A Cluster moved the slot, or is about to: the write goes there, once. */
  function redirect(write: Write, error: Error): boolean {
    const [, kind, address] = /^(MOVED|ASK) \d+ (.+:\d+)$/.exec(error.message) ?? [];
    if (!address || !(client instanceof Cluster) || write.asking !== undefined) return false;
    if (kind === "MOVED") client.refreshSlotsCache();
    laneTo(address).add({ ...write, asking: kind === "ASK" });
    return true;
  }

  async function write(key: string, addTo: Write["addTo"]): Promise<unknown> {
    if (closed) throw new Error("the connection to Redis is closed");
    const lane = laneTo(addressOf(client, key));
    return new Promise((resolve, reject) => lane.add({ addTo, resolve, reject }));
  }

  return {
    call: (command, key, ...args) => write(key, (pipeline) => pipeline.call(command, key, ...args)),
    script({ lua, keys }) {
      const hash = createHash("sha1").update(lua).digest("hex");
      return (...args) =>
        write(String(args[0]), (pipeline, scripts) => {
          if (scripts.has(hash)) return pipeline.callBuffer("EVALSHA", hash, keys, ...args);
          scripts.add(hash);
          return pipeline.callBuffer("EVAL", lua, keys, ...args);
        });
    },
    async close() {
      closed = true;
      await Promise.all([...lanes.values()].map((lane) => lane.close()));
    },
  };
}
