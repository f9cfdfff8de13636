/** Why a connection is cut off by what it sent, as a stable word for metrics. */
export type FrameFault =
  | "frame_too_large"
  | "malformed_frame"
  | "unexpected_frame"
  | "unsupported_version"
  | "qos2_publish"
  | "not_connect_first"
  | "second_connect";

export interface FrameLimits {
  readonly payloadBytes: number;
  readonly filtersPerSubscribe: number;
}

/**
 * Reads along the bytes of one connection before anything buffers them, and looks at no more than headers.
 *
 * The engine behind knows no limit of size. What the gateway does not have (wire-format 2.6) is taken out in place, so that the engine
 * never meets it: the retain flag is cleared, a subscription of QoS 2 becomes one of QoS 1, and a filter beyond the number that one
 * SUBSCRIBE may hold becomes one that no device may subscribe to. What cannot be served at all is a fault: the connection must end.
 */
export class FrameGuard {
  readonly #limits: FrameLimits;
  #step: Step = STEP.header;
  #type = 0;
  /** Bytes of the current body that are still to come; of these, bytes that nobody looks at. */
  #left = 0;
  #skip = 0;
  /** Bits of the length that were read. */
  #shift = 0;
  /** Length of the text inside the body that comes next. */
  #text = 0;
  #filters = 0;
  #connected = false;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Whether the last packet was the device's goodbye. */
  get sawDisconnect(): boolean {
    return this.#type === TYPE.disconnect;
  }

  /** Reads the next bytes, of any number. */
  inspect(bytes: Uint8Array): FrameFault | undefined {
    let at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      if (skipped > 0) {
        this.#skip -= skipped;
        this.#consume(skipped);
        at += skipped;
        continue;
      }
      const fault = this.#take(bytes, at);
      if (fault) return fault;
      at += 1;
    }
    return undefined;
  }

  #take(bytes: Uint8Array, at: number): FrameFault | undefined {
    if (this.#step === STEP.header) return this.#takeHeader(bytes, at);
    if (this.#step === STEP.length) return this.#takeLength(bytes[at] ?? 0);
    const fault = this.#takeBody(bytes, at);
    this.#consume(1);
    return fault;
  }

  #takeHeader(bytes: Uint8Array, at: number): FrameFault | undefined {
    const byte = bytes[at] ?? 0;
    this.#type = byte >> 4;
    this.#left = 0;
    this.#shift = 0;
    this.#step = STEP.length;
    if (byte === CONNECT_HEADER) {
      if (this.#connected) return "second_connect";
      this.#connected = true;
      return undefined;
    }
    if (!this.#connected) return "not_connect_first";
    if (this.#type !== TYPE.publish) return FOLLOWING.has(this.#type) ? undefined : "unexpected_frame";
    if ((byte & QOS_BITS) > QOS_1) return "qos2_publish";
    bytes[at] = byte & ~RETAIN_BIT;
    return undefined;
  }

  #takeLength(byte: number): FrameFault | undefined {
    this.#left += (byte & 0x7f) << this.#shift;
    this.#shift += 7;
    if (byte > 0x7f) return this.#shift < MAX_LENGTH_BITS ? undefined : "malformed_frame";
    const fixed = FIXED_BYTES[this.#type];
    if (fixed !== undefined && this.#left !== fixed) return "malformed_frame";
    if (this.#left < (LEAST_BYTES[this.#type] ?? 0)) return "malformed_frame";
    if (this.#left > this.#maxBytes()) return "frame_too_large";
    this.#beginBody();
    return undefined;
  }

  #maxBytes(): number {
    if (this.#type === TYPE.publish) return this.#limits.payloadBytes + PUBLISH_HEAD_BYTES;
    return this.#type === TYPE.connect ? MAX_CONNECT_BYTES : MAX_SUBSCRIBE_BYTES;
  }

  /** Only the protocol's level, message ids and filters are looked at; every other body is passed over whole. */
  #beginBody(): void {
    this.#filters = 0;
    this.#step = this.#left === 0 ? STEP.header : STEP.high;
    if (FILTERED.has(this.#type)) this.#step = STEP.idHigh;
    else if (this.#type !== TYPE.connect) this.#skip = this.#left;
  }

  #takeBody(bytes: Uint8Array, at: number): FrameFault | undefined {
    const byte = bytes[at] ?? 0;
    switch (this.#step) {
      case STEP.idHigh:
        this.#text = byte << 8;
        this.#step = STEP.idLow;
        break;
      case STEP.idLow:
        // MQTT 3.1.1, 2.3.1.
        if (this.#text + byte === 0) return "malformed_frame";
        this.#step = STEP.high;
        if (this.#type !== TYPE.subscribe) this.#skip = this.#left - 1;
        break;
      case STEP.high:
        this.#text = byte << 8;
        this.#step = STEP.low;
        break;
      case STEP.low:
        this.#beginText(this.#text + byte);
        break;
      case STEP.level:
        if (byte !== 3 && byte !== 4) return "unsupported_version";
        this.#skip = this.#left - 1;
        break;
      case STEP.surplus:
        bytes[at] = DOLLAR;
        this.#step = STEP.qos;
        this.#skip = this.#text - 1;
        break;
      default:
        if (byte === 2) bytes[at] = 1;
        this.#step = STEP.high;
    }
    return undefined;
  }

  /** A text of `length` bytes follows: the name of the protocol, or a filter. */
  #beginText(length: number): void {
    this.#text = length;
    this.#filters += 1;
    const isSurplus = this.#filters > this.#limits.filtersPerSubscribe && length > 0;
    if (this.#type === TYPE.connect) this.#step = STEP.level;
    else this.#step = isSurplus ? STEP.surplus : STEP.qos;
    if (this.#step !== STEP.surplus) this.#skip = length;
  }

  /** A body may end anywhere, whatever its texts claim: that is for the engine's parser to judge. */
  #consume(count: number): void {
    this.#left -= count;
    this.#skip = Math.min(this.#skip, this.#left);
    if (this.#left === 0) this.#step = STEP.header;
  }
}

/** What the next byte is: of the fixed header, of a text's length, the level, the first byte of a surplus filter, a requested QoS, a message id. */
const STEP = { header: 0, length: 1, high: 2, low: 3, level: 4, surplus: 5, qos: 6, idHigh: 7, idLow: 8 } as const;
type Step = (typeof STEP)[keyof typeof STEP];

// What belongs to QoS 2 is not taken (wire-format 2.6).
const TYPE = { connect: 1, publish: 3, puback: 4, subscribe: 8, unsubscribe: 10, pingreq: 12, disconnect: 14 } as const;
const FOLLOWING: ReadonlySet<number> = new Set(Object.values(TYPE).filter((type) => type !== TYPE.connect));
// MQTT 3.1.1, 3.4.1, 3.12.1, 3.14.1.
const FIXED_BYTES: Readonly<Record<number, number>> = { [TYPE.puback]: 2, [TYPE.pingreq]: 0, [TYPE.disconnect]: 0 };
// What names filters names one at least (MQTT 3.1.1, 3.8.3, 3.10.3), of one character (4.7.3).
const LEAST_BYTES: Readonly<Record<number, number>> = { [TYPE.subscribe]: 6, [TYPE.unsubscribe]: 5 };
const FILTERED: ReadonlySet<number> = new Set([TYPE.subscribe, TYPE.unsubscribe]);

// Its flags are reserved (MQTT 3.1.1, 2.2.2): a TLS handshake begins with the same four bits.
const CONNECT_HEADER = TYPE.connect << 4;
const RETAIN_BIT = 0x01;
const QOS_BITS = 0x06;
const QOS_1 = 0x02;
// Four bytes of seven bits (MQTT 3.1.1, 2.2.3).
const MAX_LENGTH_BITS = 28;
// What a stranger can make the gateway hold. The longest login of an SDK has some 400 bytes, the rest is for a will.
const MAX_CONNECT_BYTES = 8_192;
const MAX_SUBSCRIBE_BYTES = 32_768;
// Message id, and a topic longer than any that is allowed: such a message is dropped, and its connection stays.
const PUBLISH_HEAD_BYTES = 1_024;
// No topic of a device begins with it.
const DOLLAR = 0x24;
