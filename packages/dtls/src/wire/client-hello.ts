/** The beginning of a ClientHello (RFC 6347 4.2.1), which its first fragment holds whole. */
export interface HelloStart {
  /** Version, random and session id: what tells one hello of an address from another. */
  readonly head: Buffer;
  /** Empty in a first hello. */
  readonly cookie: Buffer;
}

const SESSION_ID_AT = 34;

/** Reads the beginning of a ClientHello; `undefined` when the cookie does not end within it. */
export function readHelloStart(body: Buffer): HelloStart | undefined {
  const cookieAt = endOfVector(body, SESSION_ID_AT);
  const end = cookieAt === undefined ? undefined : endOfVector(body, cookieAt);
  if (cookieAt === undefined || end === undefined) return undefined;
  return { head: body.subarray(0, cookieAt), cookie: body.subarray(cookieAt + 1, end) };
}

/** A vector of at most 255 bytes, behind one byte that says how many. */
function endOfVector(body: Buffer, at: number): number | undefined {
  const end = at < body.length ? at + 1 + body.readUInt8(at) : Number.POSITIVE_INFINITY;
  return end <= body.length ? end : undefined;
}
