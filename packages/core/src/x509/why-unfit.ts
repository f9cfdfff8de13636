import type { KeyObject } from "node:crypto";
import type { X509Facts } from "./parse-x509.ts";

// With SHA-256 at least; MD5 and SHA-1 can be forged.
const SIGNATURE_ALGORITHMS: readonly string[] = [
  "1.2.840.113549.1.1.11", // sha256WithRSAEncryption
  "1.2.840.113549.1.1.12", // sha384WithRSAEncryption
  "1.2.840.113549.1.1.13", // sha512WithRSAEncryption
  "1.2.840.10045.4.3.2", // ecdsa-with-SHA256
  "1.2.840.10045.4.3.3", // ecdsa-with-SHA384
  "1.2.840.10045.4.3.4", // ecdsa-with-SHA512
  "1.3.101.112", // Ed25519
];
const CURVES: readonly (string | undefined)[] = ["prime256v1", "secp384r1", "secp521r1"];
// Beyond it one check costs more than a whole login.
const RSA_BITS = { min: 2_048, max: 8_192 } as const;

// RFC 5280 4.2.1.3.
const DIGITAL_SIGNATURE = 0;
const CERTIFICATE_SIGNING = 5;
// RFC 5280 4.2.1.12: of clients, and any.
const PURPOSES: readonly string[] = ["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"];

/**
 * Why a certificate cannot do what it is meant to do, whoever signed it; `undefined` when it can.
 *
 * @param use.as the login of a device, or signing other certificates.
 */
export function whyUnfit(facts: X509Facts, use: { as: "device" | "authority"; nowMs: number }): string | undefined {
  const { signatureAlgorithm, unknownCritical, keyUsage, purposes, isAuthority } = facts;
  const isForDevice = use.as === "device";
  if (!SIGNATURE_ALGORITHMS.includes(signatureAlgorithm)) return `signature algorithm ${signatureAlgorithm}`;
  if (!isStrong(facts)) return "its key is too weak, or of a kind that is not known";
  // RFC 5280 4.2: what is critical and not understood must be refused.
  if (unknownCritical.length > 0) return `critical extension ${unknownCritical[0]}`;
  if (!isForDevice && !isAuthority) return "it is no CA";
  if (keyUsage && !keyUsage.includes(isForDevice ? DIGITAL_SIGNATURE : CERTIFICATE_SIGNING))
    return "its key usage is another one";
  if (purposes && !purposes.some((purpose) => PURPOSES.includes(purpose))) return "its purpose is another one";
  return whyNotNow(facts, use.nowMs);
}

/** Why a certificate does not hold at this moment. */
function whyNotNow({ notBeforeMs, notAfterMs }: X509Facts, nowMs: number): string | undefined {
  if (nowMs < notBeforeMs) return `it is not valid before ${new Date(notBeforeMs).toISOString()}`;
  // RFC 5280 4.1.2.5: both dates belong to the time in which it is valid.
  return nowMs > notAfterMs ? `it expired at ${new Date(notAfterMs).toISOString()}` : undefined;
}

function isStrong({ handle }: X509Facts): boolean {
  try {
    return isStrongKey(handle.publicKey);
  } catch {
    // A key that node:crypto does not read.
    return false;
  }
}

function isStrongKey({ asymmetricKeyType, asymmetricKeyDetails: { modulusLength = 0, namedCurve } = {} }: KeyObject) {
  if (asymmetricKeyType === "rsa") return modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max;
  return asymmetricKeyType === "ed25519" || (asymmetricKeyType === "ec" && CURVES.includes(namedCurve));
}
