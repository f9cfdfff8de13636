import type { Duplex } from "node:stream";
import type { ChannelProof } from "@trine/core/auth";

/** A connection as a protocol adapter gets it, whatever it came in by. */
export interface Inbound {
  /** The device's bytes, in clear: a socket, TLS over one, or the binary messages of a WebSocket. Nothing has been read from it. */
  readonly stream: Duplex;
  /** Address of the device without port, as trusted proxies tell it; an IPv4 address in its own form. */
  readonly peer: string;
  /** How the bytes are protected on their way. */
  readonly security: "none" | "tls";
  /** What the channel proved about the device; absent when it proved nothing. */
  readonly proof?: ChannelProof;
}

/** Who takes connections of one listener, told apart by their first bytes. What nobody takes is closed. */
export interface Receivers {
  /** Whatever it begins with, of a listener that has one protocol: others are not asked then. */
  readonly any?: (inbound: Inbound) => void;
  /** Anything that begins neither as TLS nor as an HTTP request. */
  readonly binary?: (inbound: Inbound) => void;
  /** HTTP that does not ask for a WebSocket. */
  readonly http?: (inbound: Inbound) => void;
  readonly webSocket?: WebSocketReceiver;
  /** HTTP that asks for a WebSocket, as it came; for who hands it on and does not speak it. */
  readonly upgrade?: (inbound: Inbound) => void;
}

export interface WebSocketReceiver {
  /** Paths of the request, e.g. `/`; a query does not count. */
  readonly paths: readonly string[];
  /** Subprotocols, of which the client must offer one; the first of the client's that is here is chosen. */
  readonly subprotocols: readonly string[];
  accept(inbound: Inbound): void;
}
