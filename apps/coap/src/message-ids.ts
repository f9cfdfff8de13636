import { randomInt } from "node:crypto";
import { parameters } from "coap";
import { LRUCache } from "lru-cache";

/**
 * Makes a source of message ids for what is sent.
 *
 * An id is not used again towards one peer as long as the peer may know it (RFC 7252 4.4): the peer would take a new message for a repeat of
 * an old one, acknowledge it, and drop it. So each peer has a row of its own.
 *
 * @param maxPeers peers remembered at once; one that was forgotten starts anywhere.
 */
export function createMessageIds(maxPeers: number): (peer: string) => number {
  const last = new LRUCache<string, number>({
    max: maxPeers,
    ttl: parameters.exchangeLifetime * 1000,
    ttlResolution: 1000,
  });
  return (peer) => {
    const next = ((last.get(peer) ?? randomInt(0x10000)) + 1) & 0xffff;
    last.set(peer, next);
    return next;
  };
}
