/** One element of DER (X.690 clause 8): its tag, what is in it, and all of it. */
export interface DerElement {
  readonly tag: number;
  readonly body: Buffer;
  readonly whole: Buffer;
}

/** Tags that certificates are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  /** Of the context, constructed: `[n]`. */
  context: (n: number) => 0xa0 | n,
  /** Of the context, primitive. */
  contextPrimitive: (n: number) => 0x80 | n,
} as const;

/** Bytes that are no DER, or not what was to be there. Never leaves this folder. */
export class DerError extends Error {}

/** Reads the elements that `bytes` are, one after the other, to the last byte. @throws DerError */
export function readElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const element = readFirst(rest);
    elements.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return elements;
}

/** Reads the one element that `bytes` are. @throws DerError when they are another one, or more. */
export function readOnly(bytes: Buffer, tag: number): DerElement {
  const element = readFirst(bytes);
  if (element.tag !== tag || element.whole.length !== bytes.length) throw new DerError("another element");
  return element;
}

/** What is in an element. @throws DerError when there is none, or another one. */
export function bodyOf(element: DerElement | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new DerError("another element");
  return element.body;
}

/** The elements in an element. @throws DerError when there is none, or another one. */
export function partsOf(element: DerElement | undefined, tag: number): readonly DerElement[] {
  return readElements(bodyOf(element, tag));
}

/** Reads an object identifier as decimal text. @throws DerError */
export function readOid(element: DerElement | undefined): string {
  const body = bodyOf(element, TAG.oid);
  const arcs: number[] = [];
  let arc = 0;
  for (const [at, byte] of body.entries()) {
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError("a number of an object identifier is too large");
    if (byte & 0x80 && at === body.length - 1) throw new DerError("cut off");
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...others] = arcs;
  if (first === undefined) throw new DerError("empty");
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join(".");
}

/** Reads a boolean. @throws DerError */
export function readBoolean(element: DerElement): boolean {
  const body = bodyOf(element, TAG.boolean);
  // DER has one spelling of each (X.690 11.1).
  if (body.length !== 1 || (body[0] !== 0 && body[0] !== 0xff)) throw new DerError("no boolean");
  return body[0] === 0xff;
}

/** Reads a small number that is not negative. @throws DerError */
export function readSmallInteger(element: DerElement): number {
  const body = bodyOf(element, TAG.integer);
  if (body.length < 1 || body.length > 2 || (body[0] ?? 0) & 0x80) throw new DerError("no small number");
  return body.readUIntBE(0, body.length);
}

function readFirst(bytes: Buffer): DerElement {
  const [tag, lengthByte] = bytes;
  if (tag === undefined || lengthByte === undefined) throw new DerError("cut off");
  if ((tag & 0x1f) === 0x1f) throw new DerError("a tag of several bytes");
  const sizeBytes = lengthByte & 0x80 ? lengthByte & 0x7f : 0;
  const length = sizeBytes > 0 ? readLength(bytes, sizeBytes) : lengthByte;
  const start = 2 + sizeBytes;
  if (lengthByte === 0x80 || start + length > bytes.length) throw new DerError("cut off, or without a length");
  return { tag, body: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** A length has one spelling, the shortest (X.690 10.1). */
function readLength(bytes: Buffer, sizeBytes: number): number {
  if (sizeBytes > 4 || bytes.length < 2 + sizeBytes) throw new DerError("cut off");
  const length = bytes.readUIntBE(2, sizeBytes);
  if (length < 0x80 || length < 2 ** (8 * (sizeBytes - 1))) throw new DerError("a length that is not the shortest");
  return length;
}
