/** A value of a frame, as far as anybody here looks at it: numbers, texts as bytes, lists, and what is described. */
export type WireValue = number | Buffer | readonly WireValue[] | Described | null | undefined;

export interface Described {
  readonly descriptor: WireValue;
  readonly value: WireValue;
}

/** A value cannot be read: it is cut off, nested too deeply, or made of too many. */
export class WireValueError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WireValueError";
  }
}

const MAX_DEPTH = 16;
/** Values of one frame. An array may say that it has four thousand million of a type that takes no bytes. */
const MAX_VALUES = 4_096;

const DESCRIBED = 0x00;
const NULL = 0x40;
const UNSIGNED = new Set([0x50, 0x53, 0x52, 0x60, 0x70]);
const ULONG = 0x80;
const EMPTY_LIST = 0x45;
const ZERO = new Set([0x43, 0x44]);

/** Bytes of a value of fixed width, by the upper half of its code (AMQP 1.0, 1.2.2). */
const FIXED_WIDTHS: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 };

/**
 * Reads the value at the start of the bytes (AMQP 1.0, 1.2).
 *
 * @throws WireValueError
 */
export function readValue(bytes: Buffer): { value: WireValue; length: number } {
  const reader = new ValueReader(bytes);
  const value = reader.read(0);
  return { value, length: reader.at };
}

class ValueReader {
  readonly #bytes: Buffer;
  #left = MAX_VALUES;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(depth: number): WireValue {
    if (depth > MAX_DEPTH) throw new WireValueError("nested too deeply");
    const code = this.#uint(1);
    if (code === DESCRIBED) return this.#described(depth);
    return this.#ofCode(code, depth);
  }

  #described(depth: number): Described {
    const descriptor = this.read(depth + 1);
    return { descriptor, value: this.read(depth + 1) };
  }

  #ofCode(code: number, depth: number): WireValue {
    this.#left -= 1;
    if (this.#left < 0) throw new WireValueError("too many values");
    const category = code >> 4;
    const width = FIXED_WIDTHS[category];
    if (width !== undefined) return this.#fixed(code, width);
    const sizeBytes = category % 2 === 0 ? 1 : 4;
    if (category === 0xa || category === 0xb) return this.#take(this.#uint(sizeBytes));
    if (category === 0xc || category === 0xd) return this.#list(sizeBytes, depth);
    if (category === 0xe || category === 0xf) return this.#array(sizeBytes, depth);
    throw new WireValueError("a type that there is not");
  }

  #fixed(code: number, width: number): WireValue {
    if (code === NULL) return null;
    if (ZERO.has(code)) return 0;
    if (code === EMPTY_LIST) return [];
    const bytes = this.#take(width);
    if (code === ULONG) return Number(bytes.readBigUInt64BE());
    return UNSIGNED.has(code) ? bytes.readUIntBE(0, width) : undefined;
  }

  #list(sizeBytes: number, depth: number): readonly WireValue[] {
    const end = this.#uint(sizeBytes) + this.at;
    const values: WireValue[] = [];
    for (let left = this.#uint(sizeBytes); left > 0; left -= 1) values.push(this.read(depth + 1));
    return this.#endsAt(end, values);
  }

  #array(sizeBytes: number, depth: number): readonly WireValue[] {
    const end = this.#uint(sizeBytes) + this.at;
    const values: WireValue[] = [];
    let left = this.#uint(sizeBytes);
    const code = this.#codeOfItems(depth);
    for (; left > 0; left -= 1) values.push(this.#ofCode(code, depth + 1));
    return this.#endsAt(end, values);
  }

  /** Of an array: one for all of its values; a descriptor stands before it. */
  #codeOfItems(depth: number): number {
    const code = this.#uint(1);
    if (code !== DESCRIBED) return code;
    if (depth > MAX_DEPTH) throw new WireValueError("nested too deeply");
    this.read(depth + 1);
    return this.#codeOfItems(depth + 1);
  }

  #endsAt(end: number, values: readonly WireValue[]): readonly WireValue[] {
    if (this.at !== end) throw new WireValueError("its size is another than it says");
    return values;
  }

  #uint(bytes: number): number {
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  #take(count: number): Buffer {
    const from = this.at;
    if (from + count > this.#bytes.length) throw new WireValueError("cut off");
    this.at += count;
    return this.#bytes.subarray(from, this.at);
  }
}
