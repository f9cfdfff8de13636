/** Where datagrams come from and go to. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

/** Tells peers apart. */
export function peerKey({ address, port }: PeerAddress): string {
  return `${address}|${port}`;
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address in its own form, also where a socket for both families gives it as one of IPv6. */
export function plainAddress(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address;
}

/**
 * What counts as one sender where senders are limited: an IPv4 address, or the 64 bits of an IPv6 address that a network gives to one
 * customer, who may take any of the addresses below them.
 */
export function senderOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  return [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest].slice(0, 4).join(":");
}
