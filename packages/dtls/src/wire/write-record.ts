import { HANDSHAKE_HEADER_BYTES } from "./handshake-fragment.ts";
import { CONTENT, RECORD_HEADER_BYTES } from "./record.ts";

/** RFC 6347 4.2.1: what is said before a version is agreed on says DTLS 1.0. */
export const DTLS_1_0 = 0xfeff;

/** Writes one handshake message, whole, as a record of the first epoch. */
export function writeHandshakeRecord(message: {
  readonly type: number;
  readonly messageSequence: number;
  /** Of the record. */
  readonly sequence: number;
  readonly body: Buffer;
}): Buffer {
  const { type, messageSequence, sequence, body } = message;
  const record = Buffer.alloc(RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + body.length);
  record.writeUInt8(CONTENT.handshake, 0);
  record.writeUInt16BE(DTLS_1_0, 1);
  record.writeUIntBE(sequence, 5, 6);
  record.writeUInt16BE(HANDSHAKE_HEADER_BYTES + body.length, 11);
  record.writeUInt8(type, 13);
  record.writeUIntBE(body.length, 14, 3);
  record.writeUInt16BE(messageSequence, 17);
  record.writeUIntBE(body.length, 22, 3);
  body.copy(record, RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES);
  return record;
}
