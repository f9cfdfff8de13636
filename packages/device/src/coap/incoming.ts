import { generate, type ParsedPacket } from "coap-packet";

/** A response, and what may be said to one that came in a message of its own. */
export interface CoapResponse {
  readonly packet: ParsedPacket;
  /** Sends the acknowledgement, once; until then the gateway sends the response again. */
  acknowledge(): void;
  /** Tells the gateway that nobody waits for it (RFC 7252 4.2). */
  reject(): void;
}

// More than the gateway has on its way to one device at a time.
const REMEMBERED = 64;

/** Makes the place where confirmable responses come in: each is given out once, and a repeat gets what the first one got. */
export function createIncoming(send: (datagram: Buffer) => void): {
  /** @returns nothing for a repeat. */
  take(packet: ParsedPacket): CoapResponse | undefined;
} {
  /** What was said to each message id; nothing yet while its response is being worked on. */
  const replies = new Map<number, Buffer | undefined>();

  function say(messageId: number, how: { ack?: boolean; reset?: boolean }): void {
    if (replies.get(messageId)) return;
    const reply = generate({ code: "0.00", messageId, ...how });
    replies.set(messageId, reply);
    send(reply);
  }

  return {
    take(packet) {
      if (!packet.confirmable) return { packet, acknowledge: nothing, reject: nothing };
      const { messageId } = packet;
      if (replies.has(messageId)) {
        const reply = replies.get(messageId);
        if (reply) send(reply);
        return undefined;
      }
      replies.set(messageId, undefined);
      const [oldest] = replies.keys();
      if (replies.size > REMEMBERED && oldest !== undefined) replies.delete(oldest);
      return {
        packet,
        acknowledge: () => say(messageId, { ack: true }),
        reject: () => say(messageId, { reset: true }),
      };
    },
  };
}

function nothing(): void {}
