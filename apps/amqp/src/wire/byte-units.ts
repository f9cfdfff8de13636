/** What a connection is made of: headers of eight bytes, and frames that begin with their size (AMQP 1.0, 2.2 and 2.3). */
export type UnitKind = "header" | "frame";

/** Why no unit can be cut any more. */
export type UnitFault = "frame_size" | "frame_too_large";

/** Bytes as they come, cut into units. */
export interface ByteUnits {
  push(chunk: Buffer): void;
  /** The next unit, if all of it is there. */
  next(kind: UnitKind): Buffer | UnitFault | undefined;
  /** The largest frame from now on, in bytes. */
  limit(maxFrameBytes: number): void;
}

const HEADER_BYTES = 8;
const SIZE_BYTES = 4;
/** Size, offset of the body, type and channel. */
const SMALLEST_FRAME = 8;

/** Makes a cutter that holds at most one unfinished frame, and refuses a larger one as soon as its size is known. */
export function createByteUnits(maxFrameBytes: number): ByteUnits {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let most = maxFrameBytes;

  /** So many bytes in one piece, left where they are. */
  function look(count: number): Buffer | undefined {
    if (bytes < count) return undefined;
    if ((chunks[0]?.length ?? 0) < count) chunks = [Buffer.concat(chunks)];
    return chunks[0]?.subarray(0, count);
  }

  function take(count: number): Buffer | undefined {
    const taken = look(count);
    if (!taken) return undefined;
    const [first, ...others] = chunks;
    const rest = first?.subarray(count);
    chunks = rest && rest.length > 0 ? [rest, ...others] : others;
    bytes -= count;
    return taken;
  }

  return {
    push(chunk) {
      if (chunk.length > 0) chunks.push(chunk);
      bytes += chunk.length;
    },
    next(kind) {
      if (kind === "header") return take(HEADER_BYTES);
      const size = look(SIZE_BYTES)?.readUInt32BE();
      if (size === undefined) return undefined;
      if (size < SMALLEST_FRAME) return "frame_size";
      return size > most ? "frame_too_large" : take(size);
    },
    limit(maxFrameBytes) {
      most = maxFrameBytes;
    },
  };
}
