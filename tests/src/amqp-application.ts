import { createHmac } from "node:crypto";
import type { Socket } from "node:net";
import rhea, { type ConnectionOptions, type EventContext } from "rhea";
import type { Installation } from "./installation.ts";

/** As `POST /v1/access-keys` answers it. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** An application that subscribes over AMQP, of which a test says what it accepts. */
export interface Application {
  /** What it received, as text. */
  readonly received: readonly string[];
  /** What begins with a word, in its order. */
  texts(word: string): readonly string[];
  /** Resolves when its link is open. */
  readonly opened: Promise<void>;
  /** Resolves with the error that ended its connection. */
  readonly ended: Promise<unknown>;
  addCredit(count: number): void;
  /** Without a word. */
  kill(): void;
}

/**
 * Opens one.
 *
 * @param options.credit messages that it asks for; as many as come by default.
 * @param options.accepts what it settles; all by default.
 */
export function openApplication(options: {
  trine: Pick<Installation, "ports" | "ca">;
  key: AccessKey;
  group: string;
  credit?: number;
  accepts?: (text: string) => boolean;
}): Application {
  const { trine, key, group, credit, accepts = () => true } = options;
  const container = rhea.create_container();
  const received: string[] = [];
  container.on("message", ({ message, delivery }: EventContext) => {
    const text = Buffer.from(message?.body.content as Buffer).toString();
    received.push(text);
    if (accepts(text)) delivery?.accept();
  });
  const opened = new Promise<void>((done) => container.once("receiver_open", () => done()));
  const ended = new Promise((done) => container.once("connection_error", ({ error }: EventContext) => done(error)));
  for (const event of ["connection_close", "disconnected", "error"]) container.on(event, () => undefined);
  const connection = container.connect({
    host: "localhost",
    port: trine.ports.amqps,
    transport: "tls",
    ca: trine.ca,
    reconnect: false,
    ...signed(key, group),
  } as ConnectionOptions);
  const receiver = connection.open_receiver({
    autoaccept: false,
    ...(credit === undefined ? {} : { credit_window: 0 }),
  });
  if (credit !== undefined) receiver.add_credit(credit);
  return {
    received,
    texts: (word) => received.filter((text) => text.startsWith(`${word} `)),
    opened,
    ended,
    addCredit: (count) => receiver.add_credit(count),
    kill: () => (connection as unknown as { socket: Socket }).socket.destroy(),
  };
}

function signed({ accessKeyId, accessKeySecret }: AccessKey, group: string) {
  const timestamp = Date.now();
  return {
    username: `test|authMode=aksign,signMethod=hmacsha256,timestamp=${timestamp},authId=${accessKeyId},consumerGroupId=${group}|`,
    password: createHmac("sha256", accessKeySecret)
      .update(`authId=${accessKeyId}&timestamp=${timestamp}`)
      .digest("base64"),
  };
}
