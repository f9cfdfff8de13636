import type { Redis, RedisCommander } from "ioredis";
import type { DurabilityComplaint } from "./check-durability.ts";
import type { DurableWrites } from "./durable-writes.ts";
import type { Subscription, SubscriptionOptions } from "./subscribe.ts";

/** A connected Redis, for the ports that stand on it. */
export interface RedisHandle {
  /** Sends commands; those of one turn of the event loop travel together, in order. Each fails within about a second of an outage. */
  readonly commands: RedisCommander & Pick<Redis, "defineCommand">;
  /** Writes that are acknowledged to devices and applications: done when as many replicas have them as was asked for at opening. */
  readonly durable: DurableWrites;
  /** Whether keys lie on several servers: a command or script then has keys of one slot only. */
  readonly isCluster: boolean;
  /** Publishes on a sharded channel. @returns how many connections got it from the server that the channel belongs to. */
  publish(channel: string, text: string): Promise<number>;
  /** Receives from a sharded channel, on a connection of its own that ends with the handle. @throws when it cannot connect. */
  subscribe(options: SubscriptionOptions): Promise<Subscription>;
  /** Calls `listener` when a Cluster has other primaries than before: one that was promoted may not have the latest writes of the old one. */
  onPrimariesChanged(listener: () => void): void;
  /** Tells a fault that no caller can be told. */
  readonly onFault: (error: unknown) => void;
  /** Aborts when the handle is closed. */
  readonly closing: AbortSignal;
  /** @throws when Redis does not answer. */
  ping(): Promise<void>;
  /** What makes the servers forget acknowledged writes; empty when nothing does. @throws when Redis does not answer. */
  checkDurability(): Promise<DurabilityComplaint[]>;
  /** Waits for the commands that were sent, and disconnects. */
  close(): Promise<void>;
}
