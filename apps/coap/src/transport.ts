import type { Peer } from "./peer.ts";

/** The names of this adapter in logs, metrics and the policies of products: over plain UDP, and over DTLS. */
export const TRANSPORT = "coap";
export const SECURED_TRANSPORT = "coaps";

/**
 * What a peer speaks. A session belongs to the transport that it was begun on, so a token that was given over DTLS is worth nothing over plain
 * UDP, where everybody on the way could read it, and the other way round.
 */
export function transportOf({ secured }: Peer): string {
  return secured ? SECURED_TRANSPORT : TRANSPORT;
}
