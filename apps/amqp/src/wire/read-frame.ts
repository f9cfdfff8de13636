import { type Described, readValue, type WireValue, WireValueError } from "./read-value.ts";

/** A frame, as far as it matters who it is for: its kind, and what it says (AMQP 1.0, 2.3). */
export interface Frame {
  readonly type: number;
  /** Absent: the frame is empty, a sign of life. */
  readonly performative?: { readonly code: number; readonly fields: readonly WireValue[] };
}

export const AMQP_FRAME = 0;
export const SASL_FRAME = 1;

const PREFIX_BYTES = 8;
const WORD_BYTES = 4;

/** Codes of performatives that are read here. */
export const TRANSFER = 0x14;
export const DISPOSITION = 0x15;
export const SASL_INIT = 0x41;

/** Every performative that a client may send, by the name that may stand in place of its code (AMQP 1.0, 2.7 and 5.3.3). */
const CODES: Readonly<Record<string, number>> = {
  "amqp:open:list": 0x10,
  "amqp:begin:list": 0x11,
  "amqp:attach:list": 0x12,
  "amqp:flow:list": 0x13,
  "amqp:transfer:list": TRANSFER,
  "amqp:disposition:list": DISPOSITION,
  "amqp:detach:list": 0x16,
  "amqp:end:list": 0x17,
  "amqp:close:list": 0x18,
  "amqp:sasl-init:list": SASL_INIT,
};
const KNOWN_CODES = new Set(Object.values(CODES));

/** Reads a whole frame. @returns nothing when it is none. */
export function readFrame(bytes: Buffer): Frame | undefined {
  const offset = (bytes[4] ?? 0) * WORD_BYTES;
  const type = bytes[5] ?? 0xff;
  if (offset < PREFIX_BYTES || offset > bytes.length) return undefined;
  if (offset === bytes.length) return { type };
  try {
    const { value } = readValue(bytes.subarray(offset));
    const performative = isDescribed(value) ? performativeOf(value) : undefined;
    return performative && { type, performative };
  } catch (error) {
    if (error instanceof WireValueError) return undefined;
    throw error;
  }
}

/** Whatever is described in another way is none: whoever reads on must not take it for one. */
function performativeOf({ descriptor, value }: Described): Frame["performative"] | undefined {
  const code = Buffer.isBuffer(descriptor) ? CODES[descriptor.toString("latin1")] : descriptor;
  if (typeof code !== "number" || !KNOWN_CODES.has(code) || !isList(value)) return undefined;
  return { code, fields: value };
}

function isList(value: WireValue): value is readonly WireValue[] {
  return Array.isArray(value);
}

function isDescribed(value: WireValue): value is Described {
  return typeof value === "object" && value !== null && "descriptor" in value;
}
