import { parameters } from "coap";
import { type Peer, peerKey } from "./peer.ts";

/** What became of a confirmable message: the peer took it, refused it by a RST, or kept silent. */
export type Delivery = "acknowledged" | "rejected" | "unanswered";

/** Sends confirmable messages until they are acknowledged (RFC 7252 4.2). */
export interface Retransmitter {
  /** @param message.onEnd is called once, unless the sending is cancelled or stopped. */
  send(datagram: Buffer, message: { to: Peer; messageId: number; onEnd?: (delivery: Delivery) => void }): void;
  /** An ACK or a RST came: either ends it. */
  settle(from: Peer, messageId: number, delivery: "acknowledged" | "rejected"): void;
  /** Sends it no more. */
  cancel(to: Peer, messageId: number): void;
  stop(): void;
}

interface Waiting {
  timer: NodeJS.Timeout;
  readonly onEnd: (delivery: Delivery) => void;
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
  const waiting = new Map<string, Waiting>();

  function take(key: string): Waiting | undefined {
    const taken = waiting.get(key);
    clearTimeout(taken?.timer);
    waiting.delete(key);
    return taken;
  }

  return {
    send(datagram, { to, messageId, onEnd = ignore }) {
      send(datagram, to);
      if (waiting.size >= limits.max) return onEnd("unanswered");
      const key = keyOf(to, messageId);
      const firstWaitMs = limits.ackTimeoutMs * (1 + (parameters.ackRandomFactor - 1) * Math.random());
      const later = (waitMs: number, left: number): NodeJS.Timeout =>
        setTimeout(() => {
          const message = waiting.get(key);
          if (!message) return;
          if (left > 0) {
            send(datagram, to);
            message.timer = later(waitMs * 2, left - 1);
          } else {
            take(key)?.onEnd("unanswered");
          }
        }, waitMs);
      waiting.set(key, { timer: later(firstWaitMs, parameters.maxRetransmit), onEnd });
    },
    settle: (from, messageId, delivery) => take(keyOf(from, messageId))?.onEnd(delivery),
    cancel: (to, messageId) => void take(keyOf(to, messageId)),
    stop() {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

function keyOf(peer: Peer, messageId: number): string {
  return `${peerKey(peer)}/${messageId}`;
}

function ignore(): void {}
