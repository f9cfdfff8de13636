import { createHash, X509Certificate } from "node:crypto";
import { bodyOf, type DerElement, DerError, partsOf, readOid, readOnly, TAG } from "./der.ts";
import { NO_EXTENSIONS, readExtensions, type X509Extensions } from "./read-extensions.ts";
import { readName, type X509Name } from "./read-name.ts";

/** Longer ones are not looked at: RSA with 8192 bits takes 3 KiB. */
export const MAX_X509_BYTES = 16 * 1_024;

/** What a certificate says (RFC 5280). Nothing of it is verified. */
export interface X509Facts extends X509Extensions {
  /** The certificate itself. */
  readonly der: Buffer;
  /** SHA-256 of it, in lower-case hex. */
  readonly fingerprint: string;
  /** In lower-case hex, as it stands in the certificate. */
  readonly serialNumber: string;
  /** Object identifier of what it was signed with. */
  readonly signatureAlgorithm: string;
  readonly issuer: X509Name;
  readonly subject: X509Name;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the public key with its algorithm, in lower-case hex. */
  readonly keyHash: string;
  readonly handle: X509Certificate;
}

/**
 * Reads a certificate in DER. Strict: what has several spellings in BER has one here, or two readers could see two certificates.
 *
 * @returns `undefined` when the bytes are no certificate, or too many. Never throws, whatever they are.
 */
export function parseX509(bytes: Uint8Array): X509Facts | undefined {
  if (bytes.length > MAX_X509_BYTES) return undefined;
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return readCertificate(der);
  } catch {
    // Both readers, this one and the one of node:crypto, throw at what they cannot read.
    return undefined;
  }
}

/** Whether the key of `issuer` signed `certificate`. Never throws. */
export function isSignedBy(certificate: X509Facts, issuer: X509Facts): boolean {
  try {
    return certificate.handle.verify(issuer.handle.publicKey);
  } catch {
    return false;
  }
}

function readCertificate(der: Buffer): X509Facts {
  const [tbs, algorithm, signature, ...more] = partsOf(readOnly(der, TAG.sequence), TAG.sequence);
  const fields = [...partsOf(tbs, TAG.sequence)];
  // Version 1 leaves its number out, and has no extensions.
  if (fields[0]?.tag === TAG.context(0)) fields.shift();
  const [serial, innerAlgorithm, issuer, validity, subject, key, ...optional] = fields;
  bodyOf(signature, TAG.bitString);
  if (more.length > 0 || !algorithm || !key || !innerAlgorithm?.whole.equals(algorithm.whole))
    throw new DerError("not the form of a certificate");
  const [notBefore, notAfter] = partsOf(validity, TAG.sequence);
  return {
    der,
    fingerprint: sha256(der),
    serialNumber: readSerial(serial),
    signatureAlgorithm: readOid(partsOf(algorithm, TAG.sequence)[0]),
    issuer: readName(issuer),
    subject: readName(subject),
    notBeforeMs: readTime(notBefore),
    notAfterMs: readTime(notAfter),
    keyHash: sha256(key.whole),
    handle: new X509Certificate(der),
    ...extensionsOf(optional),
  };
}

function extensionsOf(optional: readonly DerElement[]): X509Extensions {
  const wrapped = optional.find(({ tag }) => tag === TAG.context(3));
  return wrapped ? readExtensions(readOnly(wrapped.body, TAG.sequence)) : NO_EXTENSIONS;
}

/** RFC 5280 4.1.2.2: positive, at most 20 bytes. One more, since some write the sign besides. */
function readSerial(element: DerElement | undefined): string {
  const body = bodyOf(element, TAG.integer);
  if (body.length === 0 || body.length > 21) throw new DerError("no serial number");
  return body.toString("hex").replace(/^(00)+(?=.)/, "");
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** RFC 5280 4.1.2.5: years with two digits are those from 1950 to 2049. */
function readTime(element: DerElement | undefined): number {
  const isShort = element?.tag === TAG.utcTime;
  const text = bodyOf(element, isShort ? TAG.utcTime : TAG.generalizedTime).toString("latin1");
  const [, yearText, ...rest] = (isShort ? UTC_TIME : GENERALIZED_TIME).exec(text) ?? [];
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  if (yearText === undefined || month < 1 || month > 12 || day < 1 || day > 31) throw new DerError("no time");
  const year = Number(yearText) + (isShort ? (Number(yearText) < 50 ? 2_000 : 1_900) : 0);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
