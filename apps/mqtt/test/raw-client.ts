import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { generate, type IPublishPacket, type Packet, parser } from "mqtt-packet";

type Cmd = Packet["cmd"];
type Of<C extends Cmd> = Extract<Packet, { cmd: C }>;

/** A client that sends exactly what a test tells it to, and keeps everything that comes. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything that was received, in hex. */
  readonly raw: () => string;
  /** Packets that nobody took yet. */
  readonly waiting: Packet[];
  send(...packets: readonly (Packet | Buffer)[]): void;
  /** Takes the first packet of this kind, once it is there. @throws when the connection ends before, or `waitMs` (default: none) are over. */
  take<C extends Cmd>(cmd: C, waitMs?: number): Promise<Of<C>>;
  /** Resolves when the gateway closed the connection. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Opens a TCP connection, nothing more. */
export async function openRaw(port: number): Promise<RawClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const waiting: Packet[] = [];
  const chunks: Buffer[] = [];
  const decoder = parser();
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  let isClosed = false;
  // mqtt-packet goes on with its own object.
  decoder.on("packet", (packet) => {
    waiting.push({ ...packet });
    changed();
  });
  socket.on("data", (bytes) => {
    chunks.push(bytes);
    decoder.parse(bytes);
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((done) => {
    socket.once("close", () => {
      isClosed = true;
      changed();
      done();
    });
  });
  await once(socket, "connect");
  return {
    socket,
    waiting,
    raw: () => Buffer.concat(chunks).toString("hex"),
    send(...packets) {
      socket.write(Buffer.concat(packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet)))));
    },
    async take<C extends Cmd>(cmd: C, waitMs = Number.POSITIVE_INFINITY) {
      const until = performance.now() + waitMs;
      for (;;) {
        const at = waiting.findIndex((packet) => packet.cmd === cmd);
        const [packet] = at < 0 ? [] : waiting.splice(at, 1);
        if (packet) return packet as Of<C>;
        if (isClosed) throw new Error(`the connection ended before ${cmd}`);
        const leftMs = until - performance.now();
        if (leftMs <= 0) throw new Error(`no ${cmd} came`);
        await nextChange(watchers, leftMs);
      }
    },
    closed,
    async close() {
      socket.destroy();
      await closed;
    },
  };
}

/** Resolves at the next change, or when the time is over. */
function nextChange(watchers: Set<() => void>, withinMs: number): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      watchers.delete(end);
      done();
    };
    const timer = Number.isFinite(withinMs) ? setTimeout(end, Math.ceil(withinMs)) : undefined;
    watchers.add(end);
  });
}

/** A PUBLISH with the fields that nobody varies filled in. */
export function aPublish(given: {
  topic: string;
  payload?: string | Buffer;
  qos?: 0 | 1 | 2;
  messageId?: number;
  retain?: boolean;
}) {
  const { qos = 1, messageId = 1 } = given;
  const packet = { cmd: "publish", payload: "x", dup: false, retain: false, ...given, qos } as const;
  return (qos === 0 ? packet : { ...packet, messageId }) satisfies IPublishPacket;
}

/** A SUBSCRIBE. */
export function aSubscribe(filters: readonly string[], given: { qos?: 0 | 1 | 2; messageId?: number } = {}) {
  const { qos = 1, messageId = 1 } = given;
  return { cmd: "subscribe", messageId, subscriptions: filters.map((topic) => ({ topic, qos })) } as const;
}
