import { isIP } from "node:net";
import type { ChannelProof } from "@trine/core/auth";
import { plainAddress } from "@trine/core/guard";
import type { Ingress } from "@trine/ingress";
import type { FastifyRequest } from "fastify";
import type { HandedServer } from "./handed-server.ts";

/** Where a request comes from. */
export interface Origin {
  /** Address of the device, without port. */
  readonly peer: string;
  /** What the connection proved about the device. */
  readonly channel?: ChannelProof;
}

export type OriginOf = (request: FastifyRequest) => Origin;

/** Tells where a request comes from. `X-Forwarded-For` counts as far as trusted proxies wrote it. */
export function createOriginOf(
  { inboundOf }: Pick<HandedServer, "inboundOf">,
  { isTrustedProxy }: Pick<Ingress, "isTrustedProxy">,
): OriginOf {
  return ({ raw }) => {
    const { peer, proof } = inboundOf(raw);
    const { "x-forwarded-for": hops } = raw.headers;
    return {
      peer: typeof hops === "string" ? forwardedPeer(peer, hops, isTrustedProxy) : peer,
      ...(proof && { channel: proof }),
    };
  };
}

/** Goes back from the nearest hop to the first that is no trusted proxy. Behind what is no address nothing is believed. */
export function forwardedPeer(peer: string, hops: string, isTrusted: (address: string) => boolean): string {
  let farthest = peer;
  for (const hop of hops.split(",").reverse()) {
    const text = hop.trim();
    if (!isTrusted(farthest) || isIP(text) === 0) break;
    farthest = plainAddress(text);
  }
  return farthest;
}
