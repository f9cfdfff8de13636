import { uintOption } from "./options.ts";

/** A value of Block1 or Block2 (RFC 7959 2.2). */
export interface Block {
  readonly num: number;
  /** More blocks follow. */
  readonly more: boolean;
  /** The size as it travels; 6 means 1024 bytes. */
  readonly exponent: number;
  readonly bytes: number;
}

/** Reads a block option; `undefined` when it is too long or names the reserved size. */
export function readBlock(value: Buffer): Block | undefined {
  if (value.length > 3) return undefined;
  const word = value.length === 0 ? 0 : value.readUIntBE(0, value.length);
  const exponent = word & 7;
  return exponent === 7 ? undefined : { num: word >>> 4, more: (word & 8) !== 0, exponent, bytes: 2 ** (exponent + 4) };
}

/** Writes a block option. */
export function blockOption({ num, more, exponent }: Omit<Block, "bytes">): Buffer {
  return uintOption(num * 16 + (more ? 8 : 0) + exponent);
}
