import { createPrivateKey, sign } from "node:crypto";
import type { JournalEntry } from "./journal.ts";
import type { OpenPackage } from "./open-package.ts";

const FORMAT = "trine-receipt/1";

// DER of an Ed25519 private key up to its 32 bytes (RFC 8410 7).
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Signs what was burned: every device that was handed out and not told to be spoiled, confirmed or not. Its certificate may stand in a flash,
 * and must not be voided.
 *
 * @returns one line, as docs/factory.md describes it.
 */
export function signReceipt({ packageId, receiptKey }: OpenPackage, fates: Iterable<JournalEntry>): string {
  const burned = [...fates]
    .filter(({ what }) => what !== "spoiled")
    .map(({ deviceName, at, label }) => ({ deviceName, at, ...(label === undefined ? {} : { label }) }));
  const payload = Buffer.from(JSON.stringify({ packageId, burned })).toString("base64url");
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, Buffer.from(receiptKey, "base64url")]),
    format: "der",
    type: "pkcs8",
  });
  const signature = sign(null, Buffer.from(`${FORMAT}.${payload}`), key).toString("base64url");
  return `${FORMAT}.${payload}.${signature}`;
}
