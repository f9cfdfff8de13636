import type { DeviceRef } from "@trine/core/certificate";
import type { DtlsSession } from "@trine/dtls";

/** Where a datagram came from, and where its answer goes. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The DTLS session that it came in; absent over plain UDP. */
  readonly secured?: SecuredSession;
}

/** A DTLS session as requests see it. */
export interface SecuredSession {
  readonly session: DtlsSession;
  /** Aborted when the session ends. */
  readonly ended: AbortSignal;
  /** A device proved in it which one it is. */
  vouch(device: DeviceRef): void;
}

/** Tells peers apart. A client that greets anew at the same address and port counts its messages anew. */
export function peerKey({ address, port, secured }: Peer): string {
  return secured ? `${address}:${port}#${secured.session.id}` : `${address}:${port}`;
}
