import { writeRecord } from "./write-records.ts";

/** Suites of both ends of the plain protocol, and whether they take a pre-shared key. */
export const PLAIN_SUITES: Readonly<Record<number, { readonly name: string; readonly isPsk: boolean }>> = {
  140: { name: "plain PSK", isPsk: true },
  49195: { name: "plain", isPsk: false },
};

export const FINISHED = 20;
export const CLOSE_NOTIFY = Buffer.of(1, 0);

/** What proves that its sender has the key. */
export function writeFinished(key: Buffer): Buffer {
  return writeRecord({ type: 22, epoch: 1, body: Buffer.concat([Buffer.of(FINISHED), key]) });
}

/** Application data behind a sum that stands for its MAC. */
export function seal(plain: Buffer): Buffer {
  return writeRecord({ type: 23, epoch: 1, body: Buffer.concat([sumOf(plain), plain]) });
}

/** @returns nothing for what was spoiled on its way. */
export function unseal(body: Buffer): Buffer | undefined {
  const plain = body.subarray(SUM_BYTES);
  return body.subarray(0, SUM_BYTES).equals(sumOf(plain)) ? plain : undefined;
}

const SUM_BYTES = 4;

function sumOf(plain: Buffer): Buffer {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32BE(plain.reduce((before, byte) => (Math.imul(before, 31) + byte + 1) >>> 0, plain.length));
  return sum;
}
