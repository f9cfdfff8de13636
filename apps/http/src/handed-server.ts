import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Inbound } from "@trine/ingress";
import type { HttpSettings } from "./settings.ts";
import { answerNoRequest } from "./write-reply.ts";

const HEAD_BYTES = 8_192;
const LOOK_FOR_LATE_MS = 1_000;

/** An HTTP server without a port: its connections are handed to it. */
export interface HandedServer {
  /** @param onRequest hears of every request. */
  serve(onRequest: RequestListener): Server;
  /** Takes a connection, whatever carries it. @returns false when as many are open as may; it is closed then. */
  accept(inbound: Inbound): boolean;
  /** The connection that a request came over, which may have ended meanwhile. */
  inboundOf(request: IncomingMessage): Inbound;
  /** Answers what is no HTTP, or came too slowly, and closes. */
  refuse(error: Error, stream: Duplex): void;
  /** Closes every connection at once. @returns how many. */
  closeAll(): number;
  /** Closes connections on which no request waits for its answer. @returns how many. */
  closeIdle(): number;
  /** Closes idle connections now, the others behind their next answer, or when a request takes too long. */
  close(): Promise<void>;
}

/** Makes it; the limits are those of the settings. */
export function createHandedServer(settings: HttpSettings): HandedServer {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    requestTimeout: settings.TRINE_HTTP_REQUEST_SECONDS * 1_000,
    headersTimeout: settings.TRINE_HTTP_REQUEST_SECONDS * 1_000,
    keepAliveTimeout: settings.TRINE_HTTP_IDLE_SECONDS * 1_000,
    // Node looks for requests that are late only this often, by default every 30 s.
    connectionsCheckingInterval: LOOK_FOR_LATE_MS,
    // A request that two parsers read differently is smuggled past the first (RFC 9112, 11.2).
    insecureHTTPParser: false,
  });
  // Node begins to look for late requests when its server listens, which this one never does.
  server.emit("listening");
  // Open ones, with the answers that they wait for.
  const connections = new Map<Duplex, Set<ServerResponse>>();
  const inbounds = new WeakMap<Duplex, Inbound>();
  let isClosing = false;

  function follow(request: IncomingMessage, response: ServerResponse): void {
    const unanswered = connections.get(request.socket);
    unanswered?.add(response);
    response.once("close", () => unanswered?.delete(response));
    response.once("prefinish", () => cutUnlessRead(request.socket, response));
    if (isClosing) response.shouldKeepAlive = false;
  }

  /** An answer that is written and not read keeps its connection, and what it holds, no longer than a request may. */
  function cutUnlessRead(stream: Duplex, response: ServerResponse): void {
    if (stream.writableLength === 0) return;
    const late = setTimeout(() => stream.destroy(), settings.TRINE_HTTP_REQUEST_SECONDS * 1_000);
    response.once("close", () => clearTimeout(late));
  }

  return {
    serve: (onRequest) => server.on("request", follow).on("request", onRequest),
    accept(inbound) {
      const { stream } = inbound;
      if (connections.size >= settings.TRINE_HTTP_CONNECTIONS) {
        stream.destroy();
        return false;
      }
      connections.set(stream, new Set());
      inbounds.set(stream, inbound);
      stream.once("close", () => connections.delete(stream));
      server.emit("connection", stream);
      return true;
    },
    inboundOf({ socket }) {
      const inbound = inbounds.get(socket);
      if (!inbound) throw new Error("a request without its connection");
      return inbound;
    },
    refuse(_error, stream) {
      const unanswered = [...(connections.get(stream) ?? [])];
      // Behind an answer that is under way another one would be read as a part of it; to a request that broke off this one is the answer.
      const isFree = unanswered.every(({ req, headersSent }) => !req.complete && !headersSent);
      if (stream.writable && isFree) answerNoRequest(stream);
      else stream.destroy();
    },
    closeAll() {
      const count = connections.size;
      for (const stream of connections.keys()) stream.destroy();
      return count;
    },
    closeIdle() {
      const idle = [...connections].filter(([, unanswered]) => unanswered.size === 0);
      for (const [stream] of idle) stream.destroy();
      return idle.length;
    },
    async close() {
      isClosing = true;
      for (const unanswered of connections.values())
        for (const response of unanswered) response.shouldKeepAlive = false;
      server.closeIdleConnections();
      const closed = [...connections.keys()].map((stream) => new Promise((done) => stream.once("close", done)));
      await Promise.all(closed);
      // Also ends the look-out for late requests, which those that were left over needed.
      server.close();
    },
  };
}
