import { createHash } from "node:crypto";
import { KEY_BYTES } from "./aes-seal.ts";
import { unprintable } from "./unprintable.ts";
import { VaultError } from "./vault-error.ts";

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

/** Tells master keys apart without telling them. */
export function masterKeyId(key: Uint8Array): string {
  return createHash("sha256").update("key id").update(key).digest("hex").slice(0, 8);
}

function parseMasterKey(line: string, number: number): Buffer {
  const key = Buffer.from(line, "base64");
  if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(line)) {
    throw new VaultError(`line ${number} is not 32 bytes in base64`);
  }
  return unprintable(key, "MasterKey");
}
