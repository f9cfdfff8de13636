import { createHmac } from "node:crypto";
import type { AccessKeyHolder } from "@trine/core/access";
import rhea, { type Connection, type ConnectionOptions, type EventContext, type Receiver } from "rhea";

/** A message as the test looks at it. */
export interface Received {
  readonly text: string;
  readonly topic: string;
  readonly context: EventContext;
}

/** A client of one connection. */
export interface TestClient {
  readonly connection: Connection;
  readonly receiver: Receiver;
  readonly received: readonly Received[];
  /** The error that the gateway closed the connection, the link or the login with. */
  readonly ended: Promise<{ condition: string; description: string }>;
  /** Without a word. */
  kill(): void;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly port: number;
  readonly key: Pick<AccessKeyHolder, "accessKeyId" | "secret">;
  readonly group?: string;
  readonly clientId?: string;
  /** Further pairs of the block. */
  readonly more?: string;
  readonly timestamp?: number;
  /** What is done with each message; accepted by default. */
  readonly onMessage?: (message: Received) => void;
  readonly receiver?: object | "none";
  readonly connection?: object;
}

/** The credentials of an application, as the vendor's samples make them (wire-format 9.2). */
export function credentialsOf({
  key,
  group = "group",
  clientId = "test",
  more = "",
  timestamp = Date.now(),
}: ClientOptions) {
  const { accessKeyId } = key;
  const pairs = `authMode=aksign,signMethod=hmacsha1,timestamp=${timestamp},authId=${accessKeyId},consumerGroupId=${group}`;
  const signed = `authId=${accessKeyId}&timestamp=${timestamp}`;
  return {
    username: `${clientId}|${pairs}${more}|`,
    password: createHmac("sha1", key.secret.reveal()).update(signed).digest("base64"),
  };
}

/** Connects, and opens a receiver. */
export function connect(options: ClientOptions): TestClient {
  const { port, onMessage = ({ context }) => void context.delivery?.accept() } = options;
  const container = rhea.create_container();
  const received: Received[] = [];
  let end: (error: { condition: string; description: string }) => void;
  const ended = new Promise<{ condition: string; description: string }>((done) => {
    end = done;
  });
  container.on("message", (context: EventContext) => {
    const { message } = context;
    const text = Buffer.from(message?.body.content as Buffer).toString();
    const one = { text, topic: String(message?.application_properties?.topic), context };
    received.push(one);
    onMessage(one);
  });
  container.on("connection_error", ({ error }: EventContext) => end(error as never));
  container.on("receiver_error", ({ receiver }: EventContext) => end(receiver?.error as never));
  for (const event of ["connection_close", "disconnected", "error"]) container.on(event, () => undefined);
  const connection = container.connect({
    host: "127.0.0.1",
    port,
    reconnect: false,
    ...credentialsOf(options),
    ...options.connection,
  } as ConnectionOptions);
  const receiver =
    options.receiver === "none" ? undefined : connection.open_receiver({ autoaccept: false, ...options.receiver });
  return {
    connection,
    get receiver() {
      if (!receiver) throw new Error("the client has none");
      return receiver;
    },
    received,
    ended,
    kill: () => (connection as unknown as { socket: { destroy(): void } }).socket.destroy(),
    close: () =>
      new Promise((done) => {
        container.once("connection_close", () => done());
        connection.close();
      }),
  };
}
