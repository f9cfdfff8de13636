import { HANDSHAKE } from "./handshake-fragment.ts";
import { DTLS_1_0, writeHandshakeRecord } from "./write-record.ts";

/**
 * Writes a HelloVerifyRequest (RFC 6347 4.2.1): with a cookie of 20 bytes it has 48, fewer than the shortest hello whose cookie can be read.
 *
 * @param hello its record's sequence number is taken over, since nothing is remembered of it.
 */
export function helloVerify(
  cookie: Buffer,
  { sequence, messageSequence }: { sequence: number; messageSequence: number },
): Buffer {
  const body = Buffer.alloc(3 + cookie.length);
  body.writeUInt16BE(DTLS_1_0, 0);
  body.writeUInt8(cookie.length, 2);
  cookie.copy(body, 3);
  return writeHandshakeRecord({ type: HANDSHAKE.helloVerifyRequest, sequence, messageSequence, body });
}
