import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";

/** Something about the stream that falls short. An `error`: nothing can be appended. */
export interface StreamComplaint {
  readonly detail: string;
  readonly severity: "error" | "warning";
}

/** A connected NATS server with JetStream, for the uplink log. */
export interface NatsHandle {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /**
   * Runs what talks to the server. It fails at once while there is no connection, and when that is lost meanwhile: what the client would keep
   * for later might be appended after what its device sent by another way.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** @throws when NATS does not answer. */
  ping(): Promise<void>;
  /** What makes the server forget acknowledged messages, or double them, in words; empty when nothing does. @throws when NATS does not answer. */
  checkDurability(): Promise<StreamComplaint[]>;
  /** Waits for what was sent, and disconnects. */
  close(): Promise<void>;
}
