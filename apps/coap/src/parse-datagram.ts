import { type ParsedPacket, parse } from "coap-packet";

const MAX_TOKEN_BYTES = 8;
const PAYLOAD_MARKER = 0xff;

/**
 * Reads a datagram; `undefined` when it is not a message of RFC 7252 3.
 *
 * The decoder takes lengths on trust: it shortens an option that is longer than the datagram, and reads tokens of any length. So the
 * frame is walked before it.
 */
export function parseDatagram(datagram: Buffer): ParsedPacket | undefined {
  return isFramed(datagram) ? parse(datagram) : undefined;
}

function isFramed(datagram: Buffer): boolean {
  const [first = 0, code = 0] = datagram;
  const tokenBytes = first & 15;
  if (datagram.length < 4 || first >> 6 !== 1 || tokenBytes > MAX_TOKEN_BYTES) return false;
  if (code === 0) return datagram.length === 4 && tokenBytes === 0;
  let at = 4 + tokenBytes;
  while (at < datagram.length) {
    const header = datagram[at] ?? 0;
    if (header === PAYLOAD_MARKER) return at + 1 < datagram.length;
    const next = afterOption(datagram, at, header);
    if (next === undefined) return false;
    at = next;
  }
  return at === datagram.length;
}

/** RFC 7252 3.1: 13 and 14 say that one and two bytes more follow, 15 is reserved. */
function afterOption(datagram: Buffer, at: number, header: number): number | undefined {
  const delta = header >> 4;
  const length = header & 15;
  if (delta === 15 || length === 15) return undefined;
  const value = at + 1 + extraBytes(delta) + extraBytes(length);
  if (value > datagram.length) return undefined;
  if (length < 13) return value + length;
  return length === 13 ? value + datagram.readUInt8(value - 1) + 13 : value + datagram.readUInt16BE(value - 2) + 269;
}

function extraBytes(nibble: number): number {
  return nibble < 13 ? 0 : nibble - 12;
}
