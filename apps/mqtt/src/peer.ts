import type { Socket } from "node:net";

const MAPPED = "::ffff:";

/** The sender's address, without port; an IPv4 address in its own form. */
export function peerOf({ remoteAddress = "" }: Socket): string {
  return remoteAddress.startsWith(MAPPED) ? remoteAddress.slice(MAPPED.length) : remoteAddress;
}
