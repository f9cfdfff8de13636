import { CONTENT, type DtlsRecord } from "./record.ts";

/** A handshake message, or a piece of one (RFC 6347 4.2.2). */
export interface HandshakeFragment {
  readonly type: number;
  /** Of the whole message. */
  readonly length: number;
  readonly messageSequence: number;
  readonly offset: number;
  readonly body: Buffer;
}

/** Handshake types of RFC 5246 7.4, and of RFC 6347 4.3.2. */
export const HANDSHAKE = { clientHello: 1, helloVerifyRequest: 3, clientKeyExchange: 16 } as const;

export const HANDSHAKE_HEADER_BYTES = 12;

/** Reads the handshake messages of a record that is not encrypted, as far as they are whole. */
export function readHandshakeFragments({ type, epoch, body }: DtlsRecord): HandshakeFragment[] {
  const fragments: HandshakeFragment[] = [];
  if (type !== CONTENT.handshake || epoch !== 0) return fragments;
  let at = 0;
  while (at + HANDSHAKE_HEADER_BYTES <= body.length) {
    const length = body.readUIntBE(at + 1, 3);
    const offset = body.readUIntBE(at + 6, 3);
    const fragmentBytes = body.readUIntBE(at + 9, 3);
    const end = at + HANDSHAKE_HEADER_BYTES + fragmentBytes;
    if (end > body.length || offset + fragmentBytes > length) break;
    fragments.push({
      type: body.readUInt8(at),
      length,
      messageSequence: body.readUInt16BE(at + 4),
      offset,
      body: body.subarray(at + HANDSHAKE_HEADER_BYTES, end),
    });
    at = end;
  }
  return fragments;
}
