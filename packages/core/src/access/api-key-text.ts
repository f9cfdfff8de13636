import { createHash } from "node:crypto";
import { Secret } from "../certificate/secret.ts";
import type { Random } from "../ports/clock.ts";

const ID_BYTES = 9;
const SECRET_BYTES = 32;
const API_KEY = /^trine_([0-9a-f]{18})_([A-Za-z0-9_-]{43})$/;

/** Draws the id of a new key: 72 bits, so that no two meet; not secret. */
export function drawKeyId(random: Random): string {
  return random.bytes(ID_BYTES).toString("hex");
}

/**
 * Draws the text of a key, `trine_ID_SECRET`, with 256 random bits.
 *
 * The prefix lets scanners for leaked secrets know it; the id lets it be looked up, so that what is compared is one digest, in constant time.
 */
export function drawApiKey(keyId: string, random: Random): Secret {
  return new Secret(`trine_${keyId}_${random.bytes(SECRET_BYTES).toString("base64url")}`, "ApiKey");
}

/** The id in the text of a key; `undefined` when the text is none. */
export function keyIdOf(text: string): string | undefined {
  return API_KEY.exec(text)?.[1];
}

/**
 * What stores know of a key: SHA-256 of its whole text. A slow hash is for what people choose; 256 random bits are not guessed, however
 * fast the hash, and a slow one would let anybody keep the processor busy by showing wrong keys.
 */
export function digestOfKey(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
