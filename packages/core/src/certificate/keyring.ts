import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { Random } from "../ports/clock.ts";
import { Secret } from "./secret.ts";
import type { Vault } from "./vault.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

/** A secret cannot be decrypted: the key is missing, or the ciphertext is not of this row. Its message names neither. */
export class VaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VaultError";
  }
}

/**
 * Makes a vault of AES-256-GCM. The newest key (the first) seals; every key opens what it sealed, found by the key id that stands
 * beside the ciphertext, so that keys can rotate.
 *
 * @param keys 32 bytes each, newest first, at least one.
 * @throws VaultError when the keys are not usable.
 */
export function createVault(keys: readonly Uint8Array[], random: Random): Vault {
  const [newest] = keys;
  if (!newest) throw new VaultError("there is no key");
  if (keys.some((key) => key.length !== KEY_BYTES)) throw new VaultError(`a key has ${KEY_BYTES} bytes`);
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  // Two keys under one id: the older would take the place of the newer, and nothing would open.
  if (byId.size !== keys.length) throw new VaultError("a key is there twice");
  const newestId = keyId(newest);

  return {
    seal(secret, context) {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, newest, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([nonce, cipher.update(secret.reveal(), "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${newestId}.${body.toString("base64url")}`;
    },
    open(sealed, context) {
      const dot = sealed.indexOf(".");
      const key = byId.get(sealed.slice(0, dot));
      if (!key) throw new VaultError("a secret was encrypted with a key that is not among the master keys");
      return new Secret(decrypt(key, Buffer.from(sealed.slice(dot + 1), "base64url"), context));
    },
  };
}

/**
 * Reads master keys: 32 random bytes in base64, one line a key, newest first; blank lines and lines after `#` do not count.
 *
 * @throws VaultError that names the line that is wrong, never its text.
 */
export function parseMasterKeys(text: string): readonly Buffer[] {
  const keys = text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"))
    .map(({ line, number }) => parseMasterKey(line, number));
  if (keys.length === 0)
    throw new VaultError("there is no key; it takes 32 random bytes in base64 (openssl rand -base64 32)");
  return keys;
}

function parseMasterKey(line: string, number: number): Buffer {
  const key = Buffer.from(line, "base64");
  if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(line)) {
    throw new VaultError(`line ${number} is not 32 bytes in base64`);
  }
  return key;
}

function decrypt(key: Uint8Array, body: Buffer, context: string): string {
  if (body.length < NONCE_BYTES + TAG_BYTES) throw new VaultError("a secret is cut off");
  const nonce = body.subarray(0, NONCE_BYTES);
  const tag = body.subarray(-TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    throw new VaultError("a secret does not decrypt: it belongs to another row or another key");
  }
}

/** Tells keys apart without telling them. */
function keyId(key: Uint8Array): string {
  return createHash("sha256").update("key id").update(key).digest("hex").slice(0, 8);
}
