import type { NatsConnection } from "@nats-io/transport-node";

/** Follows whether there is a connection. */
export interface ConnectionWatch {
  isConnected(): boolean;
  /** Runs work that needs the connection. It fails at once while there is none, and when it is lost meanwhile. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Follows a connection. The client keeps what is sent without one for later, and lets requests whose connection broke wait for their
 * time-out; both would hold devices up.
 *
 * @param onFault is told when it is lost.
 */
export function watchConnection(connection: NatsConnection, onFault: (error: unknown) => void): ConnectionWatch {
  const failures = new Set<(error: Error) => void>();
  let connected = true;

  function lose(server: string): void {
    connected = false;
    const error = new Error(`lost the connection to NATS at ${server}`);
    for (const fail of failures) fail(error);
    onFault(error);
  }

  async function follow(): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") lose(status.server);
      else if (status.type === "reconnect") connected = true;
      else if (status.type === "error") onFault(status.error);
    }
  }

  const isConnected = () => connected && !connection.isClosed();
  follow().catch(onFault);
  return {
    isConnected,
    run: (work) =>
      new Promise((resolve, reject) => {
        if (!isConnected()) return reject(new Error("no connection to NATS"));
        failures.add(reject);
        work()
          .finally(() => failures.delete(reject))
          .then(resolve, reject);
      }),
  };
}
