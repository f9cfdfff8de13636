import type { Cluster, Redis, RedisCommander } from "ioredis";

/** A connected Redis, for the ports that stand on it. */
export interface RedisHandle {
  /** Sends commands; those of one turn of the event loop travel together, in order. Each fails within about a second of an outage. */
  readonly commands: RedisCommander & Pick<Redis, "defineCommand">;
  /** Whether keys lie on several servers: a command or script then has keys of one slot only. */
  readonly isCluster: boolean;
  /** Opens a connection of its own for receiving messages. It is closed with the handle. @throws when it cannot connect. */
  openSubscriber(): Promise<Redis | Cluster>;
  /** Tells a fault that no caller can be told. */
  readonly onFault: (error: unknown) => void;
  /** Aborts when the handle is closed. */
  readonly closing: AbortSignal;
  /** @throws when Redis does not answer. */
  ping(): Promise<void>;
  /** What makes the server forget acknowledged writes, in words; empty when nothing does. @throws when Redis does not answer. */
  checkDurability(): Promise<string[]>;
  /** Waits for the commands that were sent, and disconnects. */
  close(): Promise<void>;
}
