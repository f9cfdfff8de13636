import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as secure } from "node:tls";
import WebSocket, { createWebSocketStream } from "ws";

/** Where a device connects, and what lies between its messages and the wire. */
export interface ChannelOptions {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string | undefined;
  /** Without it the line is in clear. */
  readonly tls?: ConnectionOptions | undefined;
  /** Without it the messages travel as they are. */
  readonly webSocket?: { readonly path: string; readonly subprotocol: string } | undefined;
}

/** A line of a device, maybe connecting still: what is written meanwhile waits. */
export interface Channel {
  readonly stream: Duplex;
  /** Drops the line by a TCP reset. */
  reset(): void;
}

/** Opens a line. That it cannot be had is an error of its stream. */
export function openChannel({ host, port, localAddress, tls, webSocket }: ChannelOptions): Channel {
  const socket = connect({ host, port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
  const line = tls ? secureLine(socket, host, tls) : socket;
  const stream = webSocket ? openWebSocket(line, `ws://${urlHost(host)}:${port}${webSocket.path}`, webSocket) : line;
  return { stream, reset: () => socket.resetAndDestroy() };
}

function secureLine(socket: Socket, host: string, options: ConnectionOptions): Duplex {
  // A name to ask for is never an address (RFC 6066, 3).
  const line = secure({ socket, host, ...(isIP(host) === 0 && { servername: host }), ...options });
  socket.once("error", (error) => line.destroy(error));
  return line;
}

function openWebSocket(line: Duplex, url: string, { subprotocol }: { subprotocol: string }): Duplex {
  const webSocket = new WebSocket(url, subprotocol, {
    createConnection: () => line as Socket,
    perMessageDeflate: false,
  });
  return createWebSocketStream(webSocket);
}

function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
