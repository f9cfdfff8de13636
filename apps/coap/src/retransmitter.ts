import { parameters } from "coap";
import type { Peer } from "./endpoint.ts";

/** Sends confirmable messages until they are acknowledged (RFC 7252 4.2). */
export interface Retransmitter {
  send(datagram: Buffer, message: { to: Peer; messageId: number }): void;
  /** An ACK or a RST came: either ends it. */
  settle(from: Peer, messageId: number): void;
  stop(): void;
}

/**
 * Makes a retransmitter.
 *
 * @param limits.max messages that wait at once; a further one is sent once.
 * @param limits.ackTimeoutMs first wait, before the random factor; doubled with each retransmission.
 */
export function createRetransmitter(
  send: (datagram: Buffer, to: Peer) => void,
  limits: { max: number; ackTimeoutMs: number },
): Retransmitter {
  const timers = new Map<string, NodeJS.Timeout>();

  function attempt(datagram: Buffer, to: Peer, next: { key: string; waitMs: number; left: number }): void {
    send(datagram, to);
    const { key, waitMs, left } = next;
    const again = () => {
      timers.delete(key);
      if (left > 0) attempt(datagram, to, { key, waitMs: waitMs * 2, left: left - 1 });
    };
    timers.set(key, setTimeout(again, waitMs));
  }

  return {
    send(datagram, { to, messageId }) {
      if (timers.size >= limits.max) return send(datagram, to);
      const waitMs = limits.ackTimeoutMs * (1 + (parameters.ackRandomFactor - 1) * Math.random());
      attempt(datagram, to, { key: keyOf(to, messageId), waitMs, left: parameters.maxRetransmit });
    },
    settle(from, messageId) {
      const key = keyOf(from, messageId);
      clearTimeout(timers.get(key));
      timers.delete(key);
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

function keyOf({ address, port }: Peer, messageId: number): string {
  return `${address}:${port}/${messageId}`;
}
