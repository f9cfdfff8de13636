import { randomInt } from "node:crypto";
import { parameters } from "coap";
import { generate, type Option, type ParsedPacket, parse } from "coap-packet";
import { LRUCache } from "lru-cache";
import type { Peer } from "./endpoint.ts";
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

interface Exchange {
  reply: Buffer | undefined;
}

/**
 * Makes a message layer.
 *
 * A repeated message gets the answer that the first one got, and its handler does not run again; what is kept for that is bounded in
 * count. Nobody who merely sends gets more than three times what he sent: see `repeat` and `respond`.
 *
 * @param handle must not reject.
 */
export function createMessageLayer(
  limits: { repeats: number; inFlight: number; piggybackMs: number },
  io: { send(datagram: Buffer, to: Peer): void; handle(request: Request): Promise<Response> },
): MessageLayer {
  const exchanges = new LRUCache<string, Exchange>({
    max: limits.repeats,
    ttl: parameters.exchangeLifetime * 1000,
    ttlResolution: 1000,
  });
  const retransmitter = createRetransmitter(io.send, limits.inFlight);
  const running = new Set<Promise<void>>();
  let nextMessageId = randomInt(0x10000);
  let draining = false;

  return {
    receive(datagram, from) {
      const packet = parsePacket(datagram);
      if (!packet) return reject(datagram, from);
      if (packet.ack || packet.reset) return retransmitter.settle(from, packet.messageId);
      // An empty CON is a ping; a response that nobody asked for is rejected too (RFC 7252 4.3).
      if (packet.code === "0.00" || !packet.code.startsWith("0.")) return reject(datagram, from);
      const key = `${from.address}:${from.port}/${packet.messageId}`;
      const known = exchanges.get(key);
      if (known) return repeat(known, datagram, from);
      if (draining) return;
      const exchange: Exchange = { reply: undefined };
      exchanges.set(key, exchange);
      const work = run(packet, from, exchange).finally(() => running.delete(work));
      running.add(work);
    },
    async drain() {
      draining = true;
      await Promise.all(running);
      retransmitter.stop();
    },
  };

  async function run(packet: ParsedPacket, peer: Peer, exchange: Exchange): Promise<void> {
    let acknowledged = false;
    const acknowledge = () => {
      if (acknowledged || !packet.confirmable) return;
      acknowledged = true;
      exchange.reply = generate({ code: "0.00", ack: true, messageId: packet.messageId });
      io.send(exchange.reply, peer);
    };
    if (running.size >= limits.inFlight) return respond(packet, peer, exchange, { response: busy(), separate: false });
    const timer = packet.confirmable ? setTimeout(acknowledge, limits.piggybackMs) : undefined;
    const response = await io.handle({ packet, peer, acknowledge });
    clearTimeout(timer);
    respond(packet, peer, exchange, { response, separate: acknowledged });
  }

  function respond(
    packet: ParsedPacket,
    peer: Peer,
    exchange: Exchange,
    { response, separate }: { response: Response; separate: boolean },
  ): void {
    const piggyback = packet.confirmable && !separate;
    // A refused sender may have forged its address: it gets its answer once, never the five times of a CON.
    const confirmable = separate && response.code.startsWith("2.");
    const messageId = piggyback ? packet.messageId : takeMessageId();
    const bytes = generate({ ...response, ack: piggyback, confirmable, messageId, token: packet.token });
    exchange.reply = separate ? exchange.reply : bytes;
    if (confirmable) retransmitter.send(bytes, { to: peer, messageId });
    else io.send(bytes, peer);
  }

  /** A forged repeat must not fetch a stored answer that is much larger than itself. */
  function repeat({ reply }: Exchange, datagram: Buffer, from: Peer): void {
    if (reply && reply.length <= 3 * datagram.length) io.send(reply, from);
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

/** The decoder takes lengths on trust and tokens of any length; RFC 7252 3 does not. */
function parsePacket(datagram: Buffer): ParsedPacket | undefined {
  try {
    const packet = parse(datagram);
    const tokenBytes = (datagram[0] ?? 0) & 15;
    return tokenBytes > 8 || packet.token.length !== tokenBytes ? undefined : packet;
  } catch {
    return undefined;
  }
}
