import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as secure } from "node:tls";
import { generate, type IPublishPacket, type Packet, parser } from "mqtt-packet";
import { createWebSocketStream, WebSocket } from "ws";
import { GATEWAY } from "./an-ingress.ts";

type Cmd = Packet["cmd"];
type Of<C extends Cmd> = Extract<Packet, { cmd: C }>;

/** A client that sends exactly what a test tells it to, and keeps everything that comes. */
export interface RawClient {
  readonly stream: Duplex;
  /** Ends the connection by a TCP reset. */
  reset(): void;
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

/** What lies between the packets and the wire. */
export const CHANNELS = ["TCP", "TLS", "WebSocket", "WebSocket over TLS"] as const;

export type Channel = (typeof CHANNELS)[number];

/** Opens a connection, nothing more. */
export async function openRaw(port: number, channel: Channel = "TCP"): Promise<RawClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => undefined);
  const stream = await openOver(socket, channel);
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
  stream.on("data", (bytes) => {
    chunks.push(bytes);
    decoder.parse(bytes);
  });
  stream.on("error", () => undefined);
  const closed = new Promise<void>((done) => {
    stream.once("close", () => {
      isClosed = true;
      changed();
      done();
    });
  });
  return {
    stream,
    reset: () => socket.resetAndDestroy(),
    waiting,
    raw: () => Buffer.concat(chunks).toString("hex"),
    send(...packets) {
      stream.write(Buffer.concat(packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet)))));
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
      stream.destroy();
      socket.destroy();
      await closed;
    },
  };
}

async function openOver(socket: Socket, channel: Channel): Promise<Duplex> {
  await once(socket, "connect");
  if (channel === "TCP") return socket;
  const line = channel === "WebSocket" ? socket : await secured(socket);
  if (channel === "TLS") return line;
  const webSocket = new WebSocket("ws://gateway/", "mqtt", { createConnection: () => line, perMessageDeflate: false });
  const stream = createWebSocketStream(webSocket);
  // By itself it waits for this side to end as well.
  stream.once("end", () => stream.destroy());
  await once(webSocket, "open");
  return stream;
}

async function secured(socket: Socket): Promise<Socket> {
  const line = secure({ socket, ca: GATEWAY.pem, checkServerIdentity: () => undefined });
  await once(line, "secureConnect");
  return line;
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
