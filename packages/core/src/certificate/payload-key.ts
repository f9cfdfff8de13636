import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { Secret } from "./secret.ts";
import { unprintable } from "./unprintable.ts";

const CIPHER = "aes-128-cbc";

// wire-format 5.4: the same for every device and message.
const CONSTANT_IV = Buffer.from("543yhjy97ae7fyfg", "ascii");

/** Derives the AES-128 key of a session with sealed payloads: bytes 8 to 23 of SHA-256(`deviceSecret,random`) (wire-format 5.4). */
export function derivePayloadKey(deviceSecret: Secret, random: string): Buffer {
  const digest = createHash("sha256").update(`${deviceSecret.reveal()},${random}`).digest();
  return unprintable(digest.subarray(8, 24), "PayloadKey");
}

/** Encrypts a payload: AES-128-CBC, constant IV, PKCS#7 (wire-format 5.4). */
export function sealPayload(key: Uint8Array, payload: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, CONSTANT_IV);
  return Buffer.concat([cipher.update(payload), cipher.final()]);
}

/** Decrypts a payload; `undefined` when it is not one sealed with this key. There is no MAC: other changes go unseen (wire-format 5.4). */
export function openPayload(key: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, CONSTANT_IV);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return undefined;
  }
}
