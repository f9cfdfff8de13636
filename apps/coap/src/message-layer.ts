import { randomInt } from "node:crypto";
import { parameters } from "coap";
import { generate, type Option, type ParsedPacket } from "coap-packet";
import { LRUCache } from "lru-cache";
import type { Peer } from "./endpoint.ts";
import { parseDatagram } from "./parse-datagram.ts";
import { RETRY_AFTER_SECONDS } from "./response-code.ts";
import { createRetransmitter } from "./retransmitter.ts";

/** A request, and the way to acknowledge it before its answer is known. */
export interface Request {
  readonly packet: ParsedPacket;
  readonly peer: Peer;
  /** Asks for a separate response (RFC 7252 5.2.2). */
  acknowledge(): void;
}

export interface Response {
  readonly code: string;
  readonly options?: Option[];
  readonly payload?: Buffer;
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
  /** Time in ms after which a request is acknowledged and its answer sent separately. */
  readonly piggybackMs: number;
  /** First wait in ms for the acknowledgement of a separate answer; default 2000 (RFC 7252 4.8). */
  readonly ackTimeoutMs?: number;
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
  const answers = new LRUCache<string, Buffer>({
    max: limits.repeats,
    ttl: parameters.exchangeLifetime * 1000,
    ttlResolution: 1000,
  });
  const retransmitter = createRetransmitter(io.send, { max: limits.inFlight, ackTimeoutMs });
  let nextMessageId = randomInt(0x10000);
  let draining = false;

  return {
    receive(datagram, from) {
      const packet = parseDatagram(datagram);
      if (!packet) return reject(datagram, from);
      if (packet.ack || packet.reset) return retransmitter.settle(from, packet.messageId);
      // An empty CON is a ping; a response that nobody asked for is rejected too (RFC 7252 4.3).
      if (packet.code === "0.00" || !packet.code.startsWith("0.")) return reject(datagram, from);
      const key = `${from.address}:${from.port}/${packet.messageId}`;
      const underWay = inFlight.get(key);
      const known = underWay ? underWay.acknowledgement : answers.get(key);
      if (known) return repeat(known, datagram, from);
      if (underWay || draining) return;
      const exchange = { packet, peer: from, acknowledgement: undefined, answered: Promise.resolve() };
      if (inFlight.size >= limits.inFlight) return void respond(exchange, busy());
      inFlight.set(key, exchange);
      exchange.answered = run(exchange, key);
    },
    async drain() {
      draining = true;
      await Promise.all([...inFlight.values()].map(({ answered }) => answered));
      retransmitter.stop();
    },
  };

  async function run(exchange: Exchange, key: string): Promise<void> {
    const { packet, peer } = exchange;
    const acknowledge = () => {
      if (exchange.acknowledgement || !packet.confirmable) return;
      exchange.acknowledgement = generate({ code: "0.00", ack: true, messageId: packet.messageId });
      io.send(exchange.acknowledgement, peer);
    };
    const timer = packet.confirmable ? setTimeout(acknowledge, limits.piggybackMs) : undefined;
    const response = await io.handle({ packet, peer, acknowledge });
    clearTimeout(timer);
    answers.set(key, respond(exchange, response));
    inFlight.delete(key);
  }

  /** @returns what a repeat of the request is answered with. */
  function respond({ packet, peer, acknowledgement }: Exchange, response: Response): Buffer {
    const piggyback = packet.confirmable && !acknowledgement;
    // A refused sender may have forged its address: it gets its answer once, never the five times of a CON.
    const confirmable = acknowledgement !== undefined && response.code.startsWith("2.");
    const messageId = piggyback ? packet.messageId : takeMessageId();
    const bytes = generate({ ...response, ack: piggyback, confirmable, messageId, token: packet.token });
    if (confirmable) retransmitter.send(bytes, { to: peer, messageId });
    else io.send(bytes, peer);
    return acknowledgement ?? bytes;
  }

  /** A forged repeat must not fetch a stored answer that is much larger than itself. */
  function repeat(reply: Buffer, datagram: Buffer, from: Peer): void {
    if (reply.length <= 3 * datagram.length) io.send(reply, from);
  }

  /** RFC 7252 4.2: a CON that cannot be processed is answered by RST, anything else by silence. */
  function reject(datagram: Buffer, from: Peer): void {
    const [first] = datagram;
    if (first === undefined || datagram.length < 4 || first >> 4 !== 4) return;
    io.send(generate({ code: "0.00", reset: true, messageId: datagram.readUInt16BE(2) }), from);
  }

  function takeMessageId(): number {
    nextMessageId = (nextMessageId + 1) & 0xffff;
    return nextMessageId;
  }
}

function busy(): Response {
  return { code: "5.03", options: [{ name: "Max-Age", value: Buffer.of(RETRY_AFTER_SECONDS) }] };
}
