// The library registers its parts with it.
import "reflect-metadata";
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { TlsMaterial } from "./tls-identity.ts";

// RSA and SHA-256 are all that the SDKs' mbedTLS can verify (wire-format 2.8).
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2_048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

const DAY_MS = 86_400_000;
const CA_DAYS = 20 * 365;
const SERVER_DAYS = 397;

/** Makes an authority for development. @returns its certificate and key, in PEM. */
export async function createDevelopmentCa(nowMs: number): Promise<TlsMaterial> {
  const keys = await webcrypto.subtle.generateKey(RSA, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: drawSerialNumber(),
    name: [{ CN: ["Trine development CA"] }],
    ...validity(nowMs, CA_DAYS),
    keys,
    signingAlgorithm: RSA,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { chain: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
}

/**
 * Has an authority certify a new key of the server.
 *
 * @param names names and addresses that devices dial: what is not among them, they refuse (wire-format 0.19).
 */
export async function certifyServer(ca: TlsMaterial, names: readonly string[], nowMs: number): Promise<TlsMaterial> {
  const authority = new X509Certificate(ca.chain);
  const keys = await webcrypto.subtle.generateKey(RSA, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: drawSerialNumber(),
    subject: [{ CN: [names[0] ?? "trine"] }],
    issuer: authority.subjectName,
    ...validity(nowMs, SERVER_DAYS),
    publicKey: keys.publicKey,
    signingKey: await importKey(createPrivateKey(ca.key)),
    signingAlgorithm: RSA,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return { chain: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
}

/** From yesterday, since clocks of devices differ. */
function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

/** Positive, and unlike any other (RFC 5280, 4.1.2.2). */
function drawSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function importKey(key: KeyObject) {
  return webcrypto.subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), RSA, false, ["sign"]);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}
