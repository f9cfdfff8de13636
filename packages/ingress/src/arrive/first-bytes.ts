/** What a connection speaks, by how it begins. */
export type Begins = "tls" | "http" | "binary";

/** A TLS record that holds a part of a handshake (RFC 5246, 6.2.1). */
const HANDSHAKE_RECORD = 0x16;

/**
 * Tells by the first byte. A method of HTTP is made of letters (RFC 9110, 9.1, of those in use), while the first packet of a device's
 * binary protocol begins with a control byte.
 */
export function beginsAs(first: number): Begins {
  if (first === HANDSHAKE_RECORD) return "tls";
  return isLetter(first) ? "http" : "binary";
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
