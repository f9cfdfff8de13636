import { parameters } from "coap";
import { generate, type Option, type ParsedPacket } from "coap-packet";
import { LRUCache } from "lru-cache";
import { maxAge } from "./max-age.ts";
import { createMessageIds } from "./message-ids.ts";
import { parseDatagram } from "./parse-datagram.ts";
import { type Peer, peerKey } from "./peer.ts";
import { createRetransmitter, type Delivery } from "./retransmitter.ts";

/** A request, and the ways to answer it beside its one response. */
export interface Request {
  readonly packet: ParsedPacket;
  readonly peer: Peer;
  /** Asks for a separate response (RFC 7252 5.2.2). */
  acknowledge(): void;
  /**
   * Sends a further response, a notification (RFC 7641 4), as a CON until it is acknowledged.
   *
   * @param signal ends the sending; the notification then counts as unanswered.
   */
  notify(response: Response, signal: AbortSignal): Promise<Delivery>;
}

export interface Response {
  readonly code: string;
  readonly options?: Option[];
  readonly payload?: Buffer;
  /** Has the response sent as a CON of its own, and is told what became of it. */
  readonly onDelivery?: (delivery: Delivery) => void;
}

/** The message layer of one socket (RFC 7252 section 4). */
export interface MessageLayer {
  receive(datagram: Buffer, from: Peer): void;
  /** Lets nothing new in, and resolves when every request has its answer. */
  drain(): Promise<void>;
}

export interface MessageLimits {
  /** Answers kept for repeats. */
  readonly repeats: number;
  /** Requests worked on at once; a further one is answered 5.03. */
  readonly inFlight: number;
  /** Notifications that wait for their acknowledgement at once, beside as many separate answers as requests may be in flight. */
  readonly notifications: number;
  /** Time in ms after which a request is acknowledged and its answer sent separately. */
  readonly piggybackMs: number;
  /** First wait in ms for the acknowledgement of a separate answer; default 2000 (RFC 7252 4.8). */
  readonly ackTimeoutMs?: number;
}

/** An answer that was given, for repeats. */
interface Answer {
  readonly bytes: Buffer;
  /** The request's datagram, where the answer is so large that nothing less may fetch it. */
  readonly only?: Buffer;
}

interface Exchange {
  readonly packet: ParsedPacket;
  readonly peer: Peer;
  /** The empty acknowledgement, once it was sent. */
  acknowledgement: Buffer | undefined;
  /** Resolves when the answer was sent. */
  answered: Promise<void>;
}

/**
 * Makes a message layer.
 *
 * A repeated message gets the answer that the first one got, and its handler does not run again. The answers kept for that are bounded
 * in count; a request under way is never forgotten. Nobody who merely sends gets more than three times what he sent: see `repeat` and
 * `respond`.
 *
 * @param handle must not reject.
 */
export function createMessageLayer(
  limits: MessageLimits,
  io: { send(datagram: Buffer, to: Peer): void; handle(request: Request): Promise<Response> },
): MessageLayer {
  const { ackTimeoutMs = parameters.ackTimeout * 1000 } = limits;
  const inFlight = new Map<string, Exchange>();
  const answers = new LRUCache<string, Answer>({
    max: limits.repeats,
    ttl: parameters.exchangeLifetime * 1000,
    ttlResolution: 1000,
  });
  const retransmitter = createRetransmitter(io.send, { max: limits.inFlight + limits.notifications, ackTimeoutMs });
  const takeMessageId = createMessageIds(limits.repeats);
  let draining = false;

  return {
    receive(datagram, from) {
      const packet = parseDatagram(datagram);
      if (!packet) return reject(datagram, from);
      if (packet.ack || packet.reset) {
        return retransmitter.settle(from, packet.messageId, packet.reset ? "rejected" : "acknowledged");
      }
      // An empty CON is a ping; a response that nobody asked for is rejected too (RFC 7252 4.3).
      if (packet.code === "0.00" || !packet.code.startsWith("0.")) return reject(datagram, from);
      const key = `${peerKey(from)}/${packet.messageId}`;
      const underWay = inFlight.get(key);
      const acknowledgement = underWay?.acknowledgement;
      const known = acknowledgement ? { bytes: acknowledgement } : answers.get(key);
      if (known) return repeat(known, datagram, from);
      if (underWay || draining) return;
      const exchange = { packet, peer: from, acknowledgement: undefined, answered: Promise.resolve() };
      if (inFlight.size >= limits.inFlight) return void respond(exchange, busy());
      inFlight.set(key, exchange);
      exchange.answered = run(exchange, { key, datagram });
    },
    async drain() {
      draining = true;
      await Promise.all([...inFlight.values()].map(({ answered }) => answered));
      retransmitter.stop();
    },
  };

  async function run(exchange: Exchange, { key, datagram }: { key: string; datagram: Buffer }): Promise<void> {
    const { packet, peer } = exchange;
    const acknowledge = () => {
      if (exchange.acknowledgement || !packet.confirmable) return;
      exchange.acknowledgement = generate({ code: "0.00", ack: true, messageId: packet.messageId });
      io.send(exchange.acknowledgement, peer);
    };
    const timer = packet.confirmable ? setTimeout(acknowledge, limits.piggybackMs) : undefined;
    const response = await io.handle({ packet, peer, acknowledge, notify });
    clearTimeout(timer);
    if (response.onDelivery) acknowledge();
    const bytes = respond(exchange, response);
    answers.set(key, isLarge(bytes, datagram) ? { bytes, only: datagram } : { bytes });
    inFlight.delete(key);

    function notify({ code, options = [], payload }: Response, signal: AbortSignal): Promise<Delivery> {
      return new Promise((done) => {
        if (signal.aborted) return done("unanswered");
        const messageId = takeMessageId(peerKey(peer));
        const cancel = () => {
          retransmitter.cancel(peer, messageId);
          done("unanswered");
        };
        const onEnd = (delivery: Delivery) => {
          signal.removeEventListener("abort", cancel);
          done(delivery);
        };
        signal.addEventListener("abort", cancel, { once: true });
        const notification = { code, options, confirmable: true, messageId, token: packet.token };
        const bytes = generate(payload ? { ...notification, payload } : notification);
        retransmitter.send(bytes, { to: peer, messageId, onEnd });
      });
    }
  }

  /** @returns what a repeat of the request is answered with. */
  function respond({ packet, peer, acknowledgement }: Exchange, { onDelivery, ...response }: Response): Buffer {
    const piggyback = packet.confirmable && !acknowledgement;
    // A refused sender may have forged its address: it gets its answer once, never the five times of a CON.
    const confirmable = onDelivery !== undefined || (acknowledgement !== undefined && response.code.startsWith("2."));
    const messageId = piggyback ? packet.messageId : takeMessageId(peerKey(peer));
    const bytes = generate({ ...response, ack: piggyback, confirmable, messageId, token: packet.token });
    if (confirmable) retransmitter.send(bytes, { to: peer, messageId, ...(onDelivery ? { onEnd: onDelivery } : {}) });
    else io.send(bytes, peer);
    return acknowledgement ?? bytes;
  }

  /** A forged repeat must not fetch a stored answer that is much larger than itself; the very request of a device that lost it may. */
  function repeat({ bytes, only }: Answer, datagram: Buffer, from: Peer): void {
    if (only?.equals(datagram) || !isLarge(bytes, datagram)) io.send(bytes, from);
  }

  /** RFC 7252 4.2: a CON that cannot be processed is answered by RST, anything else by silence. */
  function reject(datagram: Buffer, from: Peer): void {
    const [first] = datagram;
    if (first === undefined || datagram.length < 4 || first >> 4 !== 4) return;
    io.send(generate({ code: "0.00", reset: true, messageId: datagram.readUInt16BE(2) }), from);
  }
}

function isLarge(answer: Buffer, request: Buffer): boolean {
  return answer.length > 3 * request.length;
}

function busy(): Response {
  return { code: "5.03", options: [maxAge()] };
}
