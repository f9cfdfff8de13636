/** A message between the process of the gateway and the one that speaks DTLS. */
export interface Frame {
  /** One of `FRAME`. */
  readonly kind: number;
  /** The session or handshake that it is about; 0 is none. */
  readonly id: number;
  readonly payload: Buffer;
}

/** Kinds of frames. A payload is bytes as they are, or JSON. */
export const FRAME = {
  // To the child.
  configure: 1,
  useCertificate: 2,
  useKey: 3,
  send: 4,
  vouch: 5,
  end: 6,
  stop: 7,
  // From the child.
  listening: 20,
  failed: 21,
  findKey: 22,
  opened: 23,
  received: 24,
  ended: 25,
  counted: 26,
  fault: 27,
  stopped: 28,
} as const;

// length, kind, id
const HEADER_BYTES = 9;
const MAX_FRAME_BYTES = 1_048_576;

/** Writes a frame. */
export function writeFrame({ kind, id, payload }: Frame): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt8(kind, 4);
  header.writeUInt32BE(id, 5);
  payload.copy(header, HEADER_BYTES);
  return header;
}

/** Writes a frame whose payload is JSON. */
export function writeJsonFrame(kind: number, id: number, value: unknown): Buffer {
  return writeFrame({ kind, id, payload: Buffer.from(JSON.stringify(value)) });
}

/** Puts frames together from the pieces that a stream comes in. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const length = bytes.readUInt32BE(at);
      if (length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes`);
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      const payload = bytes.subarray(at + HEADER_BYTES, end);
      frames.push({ kind: bytes.readUInt8(at + 4), id: bytes.readUInt32BE(at + 5), payload });
      at = end;
    }
    rest = bytes.subarray(at);
    return frames;
  };
}
