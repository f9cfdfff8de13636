/** One additional fact of a header: type, length, value (PROXY protocol, 2.2.1). */
export interface Tlv {
  readonly type: number;
  readonly value: Buffer;
}

const HEAD_BYTES = 3;

/** Reads the facts behind the addresses; `undefined` when one is cut off. */
export function readTlvs(bytes: Buffer): readonly Tlv[] | undefined {
  const tlvs: Tlv[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + HEAD_BYTES > bytes.length) return undefined;
    const end = at + HEAD_BYTES + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return undefined;
    tlvs.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + HEAD_BYTES, end) });
    at = end;
  }
  return tlvs;
}

/** Writes one. */
export function writeTlv({ type, value }: Tlv): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}
