import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsMaterial } from "./tls-identity.ts";

/**
 * Checks that TLS can be spoken with a certificate and a key.
 *
 * @returns the certificate.
 * @throws when one of them cannot be read, or they do not belong together.
 */
export function checkMaterial({ chain, key }: TlsMaterial): X509Certificate {
  const certificate = new X509Certificate(chain);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is not that of the certificate");
  createSecureContext({ cert: chain, key });
  return certificate;
}

/** When a certificate ends, in milliseconds since 1970. */
export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}
