const MAPPED = "::ffff:";

/** An address as text, with an IPv4 address that came by a socket of both families in its own form. */
export function plainAddress(address: string): string {
  const lower = address.toLowerCase();
  return lower.startsWith(MAPPED) && lower.includes(".") ? lower.slice(MAPPED.length) : lower;
}
