/**
 * Reads the identity in a ClientKeyExchange of a suite with pre-shared keys, where it travels in clear (RFC 4279 2); `undefined` when it is
 * longer than allowed or cut off. Each byte is one character.
 */
export function readPskIdentity(keyExchange: Buffer, maxBytes: number): string | undefined {
  const length = keyExchange.length < 2 ? 0 : keyExchange.readUInt16BE(0);
  if (length === 0 || length > maxBytes || 2 + length > keyExchange.length) return undefined;
  return keyExchange.toString("latin1", 2, 2 + length);
}
