import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { X509Chain } from "@trine/core/auth";

/** What a device may present; more is no chain of a device. */
const MOST_CERTIFICATES = 8;

/**
 * The certificates that a device presented, its own first; `undefined` when it presented none. Of a session that was resumed there is its own
 * alone: the others are not kept with a session.
 */
export function presentedChain(socket: TLSSocket): X509Chain | undefined {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && chain.length < MOST_CERTIFICATES) {
    chain.push(next.raw);
    // One that signed itself names itself as its issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  const [own, ...others] = chain;
  return own && [own, ...others];
}
