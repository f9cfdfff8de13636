/**
 * An address in the one form that it is compared in: an IPv4 address in its own, also where a socket for both families gives it as one of
 * IPv6, and letters small.
 *
 * @param address as a socket or a proxy gives it, without port.
 */
export function plainAddress(address: string): string {
  return MAPPED.exec(address)?.[1] ?? address.toLowerCase();
}

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;
