import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../ports/clock.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

/** Bytes of a key of this cipher. */
export const KEY_BYTES = 32;

/** Encrypts with AES-256-GCM under a nonce of its own, as base64url of nonce, ciphertext and tag. `context` is authenticated with it. */
export function aesSeal(key: Uint8Array, plain: Uint8Array, { context, random }: { context: string; random: Random }) {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

/** Decrypts what `aesSeal` wrote; `undefined` when it was changed, cut off, or belongs to another key or context. */
export function aesOpen(key: Uint8Array, sealed: string, context: string): Buffer | undefined {
  const body = Buffer.from(sealed, "base64url");
  if (body.length < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(body.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}
