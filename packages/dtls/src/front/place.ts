import { CONTENT, type DtlsRecord } from "../wire/record.ts";
import type { Peer } from "./peer.ts";

/**
 * Whoever is at one address and port. A client that was restarted says hello at the place of its former session; that one stays until the
 * handshake is over (RFC 6347 4.2.8), since whoever can read along may say hello as well.
 */
export interface Place {
  current: Peer | undefined;
  next: Peer | undefined;
}

/** Whom a datagram is for, by its first record. */
export function takersOf({ current, next }: Place, { type, epoch }: DtlsRecord): readonly Peer[] {
  if (!current || !next) return [current ?? next].filter((peer) => peer !== undefined);
  // In clear only a handshake speaks.
  if (epoch === 0) return [next];
  // A Finished of the new one, or a repeated one of the other: who cannot decrypt it drops it.
  return type === CONTENT.handshake ? [next, current] : [current];
}
