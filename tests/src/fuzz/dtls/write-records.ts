import type { RandomSource } from "../random-source.ts";

/** A handshake message before it is cut. */
export interface Message {
  readonly type: number;
  readonly messageSequence: number;
  readonly body: Buffer;
}

const DTLS_1_2 = 0xfefd;

/**
 * A record (RFC 6347 4.1). Written once more beside the writer of the server, so that a mistake of its readers is not made here as well.
 *
 * @param record.length what its header says, when that is not so.
 */
export function writeRecord(record: { type: number; epoch: number; body: Buffer; length?: number }): Buffer {
  const { type, epoch, body, length = body.length } = record;
  const header = Buffer.alloc(13);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(DTLS_1_2, 1);
  header.writeUInt16BE(epoch, 3);
  header.writeUIntBE(1, 5, 6);
  header.writeUInt16BE(length, 11);
  return Buffer.concat([header, body]);
}

/** Bytes `from` to `to` of a handshake message, in a record of their own (RFC 6347 4.2.2). */
export function writePiece({ type, messageSequence, body }: Message, from = 0, to = body.length): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(type, 0);
  header.writeUIntBE(body.length, 1, 3);
  header.writeUInt16BE(messageSequence, 4);
  header.writeUIntBE(from, 6, 3);
  header.writeUIntBE(to - from, 9, 3);
  return writeRecord({ type: 22, epoch: 0, body: Buffer.concat([header, body.subarray(from, to)]) });
}

/** A handshake message in pieces that may overlap, in order. @param least bytes of the first one. */
export function writePieces(random: RandomSource, message: Message, least: number): [Buffer, ...Buffer[]] {
  const { length } = message.body;
  const most = random.pick([16, 64, 256]);
  let at = random.between(Math.min(least, length), length);
  const pieces: [Buffer, ...Buffer[]] = [writePiece(message, 0, at)];
  while (at < length) {
    const to = Math.min(length, at + random.between(1, most));
    pieces.push(writePiece(message, at - random.below(Math.min(at, 5) + 1), to));
    at = to;
  }
  return pieces;
}
