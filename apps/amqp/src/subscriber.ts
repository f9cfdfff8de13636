import type { Connection, EventContext, Sender } from "rhea";
import { ERRORS, type WireError } from "./access/error-conditions.ts";
import type { SubscribeCode } from "./access/refuse-access.ts";
import { createEngine, type EngineSocket, mindIds } from "./wire/engine.ts";

/** What the client of a connection may do, and who is told. */
export interface SubscriberOptions {
  readonly id: string;
  readonly socket: EngineSocket;
  /** Given when the client may not have what it asked for: it is told as soon as it has opened the connection. */
  readonly refusal: SubscribeCode | undefined;
  /** What a link without an address of its own is told in its place. */
  readonly address: string;
  readonly linkMs: number;
  readonly idleMs: number;
  onLink(link: Sender): void;
  onLinkEnd(): void;
  onFault(error: unknown): void;
  /** The connection is about to be closed, for a stable reason. */
  onClose(why: string): void;
}

/** One connection of an application. */
export interface Subscriber {
  /** Closes the connection with an error; the client is told. */
  close(error: WireError): void;
}

/** Time that a client has to close its side after it was told why. */
const CLOSE_WITHIN_MS = 2_000;
export const MAX_FRAME_BYTES = 65_536;
/** Some clients open sessions that they do not use. */
const MAX_SESSIONS = 8;
/** Over the life of a connection: each may leave something behind. */
const MAX_ATTACHES = 64;
/** AMQP 1.0, 2.4.1: a smaller frame need not be understood. With less than its own head, rhea would cut a message for ever. */
const LEAST_FRAME_BYTES = 512;
/** A shorter one would have us send nothing but signs of life. */
const LEAST_IDLE_MS = 1_000;

/**
 * Speaks AMQP 1.0 with an application that has signed in: one receiver link of it on the connection, and nothing in the other direction
 * (wire-format 9.2).
 */
export function openSubscriber(options: SubscriberOptions): Subscriber {
  const { connection, begin } = createEngine({
    id: options.id,
    idleMs: options.idleMs,
    maxFrameBytes: MAX_FRAME_BYTES,
    maxChannel: MAX_SESSIONS - 1,
  });
  const links = createLinks(options);
  let isClosing = false;
  let patience: NodeJS.Timeout | undefined;

  function close(error: WireError): void {
    if (isClosing) return;
    isClosing = true;
    links.end();
    connection.close(error);
    clearTimeout(patience);
    // rhea waits for the client's own close; not for ever here.
    patience = setTimeout(() => options.socket.end(), CLOSE_WITHIN_MS);
  }

  function waitForLink(): void {
    clearTimeout(patience);
    patience = setTimeout(() => refuse("no_link"), options.linkMs);
  }

  function refuse(why: keyof typeof REFUSALS): void {
    if (isClosing) return;
    options.onClose(why);
    close(REFUSALS[why]);
  }

  let sessions = 0;
  /** rhea would take an error of ours for one of the client's. */
  const on = (event: string, handle: (context: EventContext) => void) =>
    connection.on(event, (context: EventContext) => {
      try {
        handle(context);
      } catch (error) {
        options.onFault(error);
      }
    });
  on("connection_open", () => {
    if (options.refusal) return close(ERRORS[options.refusal]);
    const why = checkOpen(connection);
    if (why) refuse(why);
    else waitForLink();
  });
  on("session_open", ({ session }) => {
    if (session) mindIds(session);
    sessions += 1;
    if (sessions > MAX_SESSIONS) refuse("too_many_sessions");
  });
  on("session_close", () => {
    sessions -= 1;
    links.end();
  });
  on("sender_open", ({ sender }) => {
    if (isClosing || !sender) return;
    if (links.attach(sender) === "too_many") refuse("too_many_links");
    else if (links.isOpen) clearTimeout(patience);
  });
  on("receiver_open", ({ receiver }) => {
    if (links.note() === "too_many") refuse("too_many_links");
    else receiver?.close(NO_SENDING);
  });
  on("sender_close", ({ sender }) => {
    if (!sender || !links.detach(sender) || isClosing) return;
    waitForLink();
  });
  const end = () => {
    clearTimeout(patience);
    isClosing = true;
    links.end();
  };
  on("connection_close", end);
  on("disconnected", end);
  // What a client breaks, it has to bear: rhea ends the socket after these.
  for (const event of ["error", "protocol_error"]) on(event, () => options.onClose("broken_protocol"));
  for (const event of ["connection_error", "session_error", "sender_error"]) on(event, () => undefined);
  begin(options.socket);
  return { close };
}

/** The links of a connection, of which one may be open. */
function createLinks({ address, onLink, onLinkEnd }: SubscriberOptions) {
  let open: Sender | undefined;
  let attaches = 0;

  function note(): "too_many" | undefined {
    attaches += 1;
    return attaches > MAX_ATTACHES ? "too_many" : undefined;
  }

  function end(): void {
    if (!open) return;
    open = undefined;
    onLinkEnd();
  }

  return {
    note,
    end,
    get isOpen() {
      return open !== undefined;
    },
    attach(link: Sender): "too_many" | undefined {
      if (note()) return "too_many";
      if (open) {
        link.close(ONE_LINK);
        return undefined;
      }
      // Whatever the client calls the source, and if it names none, is the group that it signed in for.
      link.set_source({ address: link.source?.address || address });
      link.set_target({ address: link.target?.address ?? "" });
      open = link;
      onLink(link);
      return undefined;
    },
    /** @returns whether it was the one that is filled. */
    detach(link: Sender): boolean {
      if (link !== open) return false;
      end();
      return true;
    },
  };
}

function checkOpen(connection: Connection): keyof typeof REFUSALS | undefined {
  const { max_frame_size: frameBytes, idle_time_out: idleMs } = connection;
  if (typeof frameBytes === "number" && frameBytes < LEAST_FRAME_BYTES) return "frames_too_small";
  return typeof idleMs === "number" && idleMs > 0 && idleMs < LEAST_IDLE_MS ? "idle_too_short" : undefined;
}

const LIMIT = "amqp:resource-limit-exceeded";

const REFUSALS = {
  no_link: { condition: "amqp:connection:forced", description: "no receiver link was opened in time" },
  too_many_links: { condition: LIMIT, description: "too many links were opened on this connection" },
  too_many_sessions: { condition: LIMIT, description: "too many sessions are open on this connection" },
  frames_too_small: { condition: "amqp:not-allowed", description: "max-frame-size is below 512" },
  idle_too_short: { condition: LIMIT, description: "idle-time-out is below a second" },
} as const satisfies Record<string, WireError>;

const ONE_LINK: WireError = {
  condition: LIMIT,
  description: "a connection has one receiver link; open another connection",
};
const NO_SENDING: WireError = {
  condition: "amqp:not-allowed",
  description: "messages are sent to devices over the REST API, not over AMQP",
};
