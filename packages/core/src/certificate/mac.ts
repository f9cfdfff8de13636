import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "./secret.ts";
import { SIGN_METHODS, type SignMethod } from "./sign-method.ts";
import { unprintable } from "./unprintable.ts";

/** The fields that take part in a signature, by their wire names, each exactly as it was sent. */
export type SignedFields = Readonly<Record<string, string>>;

/**
 * The text that a device signs: name and value of every field, without separators, names in ascending ASCII order
 * (wire-format 2.1; the same rule on every protocol).
 */
export function stringToSign(fields: SignedFields): string {
  let text = "";
  for (const name of Object.keys(fields).sort()) text += name + fields[name];
  return text;
}

/** Computes the MAC of `text`: the key is the secret's ASCII bytes (wire-format 1). */
export function computeMac(signMethod: SignMethod, secret: Secret, text: string): Buffer {
  return createHmac(SIGN_METHODS[signMethod].digest, secret.reveal()).update(text).digest();
}

/** Whether two MACs are equal, in a time that depends on neither. The only place where MACs are compared. */
export function macMatches(expected: Uint8Array, presented: Uint8Array): boolean {
  return expected.length === presented.length && timingSafeEqual(expected, presented);
}

const HEX = /^(?:[0-9a-fA-F]{2})+$/;

/** Decodes a presented MAC from hex of either case (wire-format 0.2); `undefined` when the text is not hex. It does not print itself. */
export function parseMacHex(text: string): Buffer | undefined {
  return HEX.test(text) ? unprintable(Buffer.from(text, "hex"), "MAC") : undefined;
}
