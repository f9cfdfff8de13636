/** Why a connection is cut off before its bytes are buffered. */
export type FrameFault = "frame_too_large" | "qos_2" | "bad_packet" | "bad_length";

/** Reads fixed headers out of a stream of bytes (MQTT 3.1.1, 2.2). */
export interface FrameGuard {
  /** Takes the next bytes; a fault ends the connection. */
  inspect(chunk: Uint8Array): FrameFault | undefined;
}

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;

// PUBACK, PINGREQ and DISCONNECT carry two bytes at most; what belongs to QoS 2 is not taken (wire-format 2.6).
const SHORT_PACKETS = new Map([
  [4, 2],
  [12, 0],
  [14, 0],
]);
const MAX_CONNECT_BYTES = 2_048;
const MAX_SUBSCRIBE_BYTES = 32_768;

/** Room for the topic and the packet id beside a payload. */
const PUBLISH_HEAD_BYTES = 1_024;

/**
 * Judges each packet by its first bytes, so that an oversized one is cut off before it is held in memory: the engine behind knows no
 * limit of size. It copies nothing and keeps a few numbers a connection.
 */
export function createFrameGuard(maxPayloadBytes: number): FrameGuard {
  let header = 0;
  let length = 0;
  let shift = 0;
  let skip = 0;
  let isFirst = true;
  let inLength = false;

  function limitOf(type: number): number | undefined {
    if (type === CONNECT) return isFirst ? MAX_CONNECT_BYTES : undefined;
    if (isFirst) return undefined;
    if (type === PUBLISH) return maxPayloadBytes + PUBLISH_HEAD_BYTES;
    return type === SUBSCRIBE || type === UNSUBSCRIBE ? MAX_SUBSCRIBE_BYTES : SHORT_PACKETS.get(type);
  }

  function judge(): FrameFault | undefined {
    const type = header >> 4;
    const limit = limitOf(type);
    if (limit === undefined) return "bad_packet";
    if (type === PUBLISH && (header & 0b0100) !== 0) return "qos_2";
    if (length > limit) return "frame_too_large";
    isFirst = false;
    return undefined;
  }

  return {
    inspect(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (skip > 0) {
          const taken = Math.min(skip, chunk.length - at);
          skip -= taken;
          at += taken;
          continue;
        }
        const byte = chunk[at] ?? 0;
        at += 1;
        if (!inLength) {
          header = byte;
          length = 0;
          shift = 0;
          inLength = true;
          continue;
        }
        if (shift > 21) return "bad_length";
        length |= (byte & 0x7f) << shift;
        shift += 7;
        if ((byte & 0x80) !== 0) continue;
        inLength = false;
        const fault = judge();
        if (fault) return fault;
        skip = length;
      }
      return undefined;
    },
  };
}
