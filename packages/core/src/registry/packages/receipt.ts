import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { type DeviceName, parseDeviceName } from "../../certificate/names.ts";

/** What a factory says was burned. */
export interface Receipt {
  readonly packageId: string;
  readonly burned: readonly { readonly deviceName: DeviceName; readonly atMs: number }[];
}

/** In front of what is signed, so that a signature is good for nothing else. */
const RECEIPT_FORMAT = "trine-receipt/1";

// DER of an Ed25519 key up to its 32 bytes (RFC 8410 7 and 4).
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** The public key, raw in base64url, that belongs to a private key of 32 bytes. */
export function receiptPublicKey(seed: Buffer): string {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" });
  return createPublicKey(key)
    .export({ format: "der", type: "spki" })
    .subarray(PUBLIC_PREFIX.length)
    .toString("base64url");
}

/**
 * Reads a receipt: `trine-receipt/1.PAYLOAD.SIGNATURE`, both in base64url, where the payload is JSON `{packageId, burned: [{deviceName, at}]}` and
 * the Ed25519 signature is over everything before the second dot (docs/factory.md).
 *
 * @param receiptKey public key, raw in base64url.
 * @returns why it is none, as a sentence, when it is not that of this key.
 */
export function readReceipt(text: string, receiptKey: string): Receipt | string {
  const [, format, payload, signature] = /^([^.]{1,32})\.([\w-]+)\.([\w-]+)$/.exec(text.trim()) ?? [];
  if (format !== RECEIPT_FORMAT || !payload || !signature) return `it is no ${RECEIPT_FORMAT}`;
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_PREFIX, Buffer.from(receiptKey, "base64url")]),
    format: "der",
    type: "spki",
  });
  if (!verify(null, Buffer.from(`${format}.${payload}`), key, Buffer.from(signature, "base64url")))
    return "its signature is not that of this package";
  return parsePayload(payload) ?? "what it says is not well-formed";
}

function parsePayload(payload: string): Receipt | undefined {
  try {
    const { packageId, burned } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Partial<
      Record<string, unknown>
    >;
    if (typeof packageId !== "string" || !Array.isArray(burned)) return undefined;
    const entries = burned.flatMap(parseEntry);
    return entries.length === burned.length ? { packageId, burned: entries } : undefined;
  } catch {
    return undefined;
  }
}

function parseEntry(entry: unknown): Receipt["burned"] {
  const { deviceName, at } = (entry ?? {}) as Partial<Record<string, unknown>>;
  const name = typeof deviceName === "string" ? parseDeviceName(deviceName) : undefined;
  const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
  return name && Number.isFinite(atMs) ? [{ deviceName: name, atMs }] : [];
}
