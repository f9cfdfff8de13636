import { ReadableStream } from "node:stream/web";
import { Encrypter } from "age-encryption";

/** Encrypts for one recipient, in the age format (C2SP age). */
export type SealPackage = (lines: AsyncIterable<string>) => Promise<AsyncIterable<Uint8Array>>;

/**
 * Makes what encrypts for a factory.
 *
 * @param recipient a public key of age: `age1...`, or one of its post-quantum ones.
 * @returns `undefined` when it is none.
 */
export function sealPackageFor(recipient: string): SealPackage | undefined {
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    return undefined;
  }
  return async (lines) => {
    const clear = ReadableStream.from(encode(lines));
    return (await encrypter.encrypt(
      clear as Parameters<Encrypter["encrypt"]>[0] & ReadableStream<Uint8Array>,
    )) as unknown as AsyncIterable<Uint8Array>;
  };
}

async function* encode(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield Buffer.from(line);
}
