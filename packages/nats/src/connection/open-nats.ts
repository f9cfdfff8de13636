import { readFileSync } from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { NatsHandle } from "./nats-handle.ts";
import { parseNatsUrl } from "./parse-nats-url.ts";
import { checkStream, openStreams } from "./uplink-stream.ts";
import { watchConnection } from "./watch-connection.ts";

const CONNECT_MS = 5_000;
const ANSWER_MS = 5_000;
const RECONNECT_MS = 250;
const PING_MS = 5_000;

interface NatsOptions {
  /** See `parseNatsUrl`. */
  readonly url: string;
  /** A `.creds` file with a JWT and its key, instead of a name and a password in the URL. */
  readonly credentialsFile?: string;
  /** On how many servers of a cluster the log and its groups are kept, when their streams are made. */
  readonly replicas?: number;
  /** Is told what no caller can be told, such as a lost connection. Never a secret. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Connects to NATS, and makes the streams of the uplink log if they are not there.
 *
 * @throws TypeError when the URL is none, the reason when NATS or its JetStream cannot be used.
 */
export async function openNats({ url, credentialsFile, replicas = 1, onFault }: NatsOptions): Promise<NatsHandle> {
  const connection = await connect(optionsOf(url, credentialsFile));
  try {
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
    await openStreams(manager, replicas);
    const { isConnected, run } = watchConnection(connection, onFault);
    return {
      jetstream: manager.jetstream(),
      manager,
      run,
      ping: () => run(async () => void (await manager.getAccountInfo())),
      checkDurability: () => checkStream(manager),
      async close() {
        if (isConnected()) await connection.flush().catch(() => undefined);
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function optionsOf(url: string, credentialsFile: string | undefined): NodeConnectionOptions {
  const { tls, servers, ...login } = parseNatsUrl(url);
  return {
    name: "trine",
    servers: [...servers],
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    // Asking for it costs a stack trace a request.
    noAsyncTraces: true,
    ...login,
    ...(tls ? { tls: {} } : {}),
    ...(credentialsFile ? { authenticator: credsAuthenticator(readFileSync(credentialsFile)) } : {}),
  };
}
