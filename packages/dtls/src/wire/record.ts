/** One record of a datagram (RFC 6347 4.1); `body` is encrypted from the second epoch on. */
export interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  /** 48 bits. */
  readonly sequence: number;
  readonly body: Buffer;
}

/** Content types of RFC 5246 6.2.1. */
export const CONTENT = { changeCipherSpec: 20, alert: 21, handshake: 22, application: 23 } as const;

export const RECORD_HEADER_BYTES = 13;

// Every version of DTLS counts down from 0xfeff.
const VERSION_MAJOR = 0xfe;

/** Reads the records of a datagram, as far as they are whole; what follows a broken one is not looked at. */
export function readRecords(datagram: Buffer): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= datagram.length) {
    const end = at + RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11);
    const type = datagram.readUInt8(at);
    if (end > datagram.length || datagram.readUInt8(at + 1) !== VERSION_MAJOR || !isContentType(type)) break;
    records.push({
      type,
      epoch: datagram.readUInt16BE(at + 3),
      sequence: datagram.readUIntBE(at + 5, 6),
      body: datagram.subarray(at + RECORD_HEADER_BYTES, end),
    });
    at = end;
  }
  return records;
}

function isContentType(type: number): boolean {
  return type >= CONTENT.changeCipherSpec && type <= CONTENT.application;
}
