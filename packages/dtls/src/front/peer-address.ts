/** Where datagrams come from and go to. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

/** Tells peers apart. */
export function peerKey({ address, port }: PeerAddress): string {
  return `${address}|${port}`;
}
