import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Inbound, WebSocketReceiver } from "../inbound.ts";
import { WebSocketStream } from "./web-socket-stream.ts";

/** Most bytes of one message: a payload of the largest size that devices may publish, and more. They are held until the message is whole. */
const MAX_MESSAGE_BYTES = 1_048_576;
const MAX_HEAD_BYTES = 8_192;
const LOOK_FOR_LATE_MS = 1_000;

/** Makes WebSockets of connections that ask for one. */
export interface Upgrader {
  /** Takes over a connection that begins with an HTTP request; one that asks for no WebSocket is told so, and closed. */
  upgrade(inbound: Inbound, receiver: WebSocketReceiver): void;
  close(): void;
}

interface Asked {
  readonly inbound: Inbound;
  readonly receiver: WebSocketReceiver;
}

/** @param withinMs time that the request may take. */
export function createUpgrader({ withinMs, refused }: { withinMs: number; refused: (why: string) => void }): Upgrader {
  const asked = new WeakMap<Duplex, Asked>();
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered, { socket }) => chosen(offered, asked.get(socket)) ?? false,
  });
  const server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: withinMs,
    requestTimeout: withinMs,
    connectionsCheckingInterval: LOOK_FOR_LATE_MS,
    insecureHTTPParser: false,
  });
  // Node begins to look for late requests when its server listens, which this one never does.
  server.emit("listening");
  server.on("upgrade", (request, stream, head) => answer(request, stream, head));
  server.on("request", (request, response) => {
    refused("no_web_socket");
    response.writeHead(426, { upgrade: "websocket", connection: "close" }).end();
    request.socket.destroySoon();
  });
  server.on("clientError", (_error, stream) => refuse(stream, 400, "broken_upgrade"));

  function answer(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const about = asked.get(stream);
    if (!about) return void stream.destroy();
    const { inbound, receiver } = about;
    const [path = ""] = (request.url ?? "").split("?");
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
    if (!receiver.paths.includes(path)) refuse(stream, 404, "web_socket_path");
    else if (!chosen(offered, about)) refuse(stream, 400, "web_socket_protocol");
    else
      webSockets.handleUpgrade(request, stream, head, (socket) =>
        receiver.accept({ ...inbound, stream: new WebSocketStream(socket) }),
      );
  }

  function refuse(stream: Duplex, status: 400 | 404, why: string): void {
    refused(why);
    const reason = status === 404 ? "Not Found" : "Bad Request";
    stream.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    stream.once("finish", () => stream.destroy());
  }

  return {
    upgrade(inbound, receiver) {
      asked.set(inbound.stream, { inbound, receiver });
      server.emit("connection", inbound.stream);
    },
    close() {
      server.closeAllConnections();
      server.close();
      webSockets.close();
    },
  };
}

/** The first of the client's that the receiver speaks. */
function chosen(offered: Iterable<string>, asked: Asked | undefined): string | undefined {
  return [...offered].find((each) => asked?.receiver.subprotocols.includes(each));
}
