/** A part of a file: from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const RANGE = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/;

/**
 * Reads a Range header (RFC 9110, 14.1.2). Several ranges at once, other units and what is malformed are passed over, as it allows.
 *
 * @param size bytes of the whole.
 * @returns `undefined`: the whole is wanted; `unsatisfiable`: nothing of it is there.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const found = RANGE.exec(header?.trim() ?? "");
  if (!found) return undefined;
  const [, first, last, suffix] = found;
  if (suffix !== undefined) {
    const start = Math.max(0, size - Number(suffix));
    return start < size ? { start, end: size } : "unsatisfiable";
  }
  const start = Number(first);
  const end = last ? Number(last) + 1 : size;
  // A last byte before the first makes it no range at all.
  if (last && end <= start) return undefined;
  return start < size ? { start, end: Math.min(end, size) } : "unsatisfiable";
}
