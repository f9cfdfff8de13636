// The library registers its parts with it.
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** What a certificate is to say. Everything has a default that lets a device in. */
export interface CertificateWishes {
  readonly commonName?: string;
  readonly units?: readonly string[];
  readonly organization?: string;
  /** Names of the kind URI. */
  readonly uris?: readonly string[];
  readonly serialNumber?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** Bits of the key usage; absent: no such extension. */
  readonly keyUsage?: number;
  /** Object identifiers; absent: no such extension. */
  readonly purposes?: readonly string[];
  /** One that nobody knows. */
  readonly extension?: { readonly oid: string; readonly isCritical: boolean };
  readonly hash?: "SHA-1" | "SHA-256";
  readonly keys?: CryptoKeyPair;
}

export interface TestCertificate {
  readonly der: Buffer;
  readonly pem: string;
  /** SHA-256 in lower-case hex. */
  readonly fingerprint: string;
  readonly keys: CryptoKeyPair;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** A CA of a test, or anything else that signs. */
export interface TestCa extends TestCertificate {
  issue(wishes?: CertificateWishes): Promise<TestCertificate>;
  /** The same with a certificate that may sign others. */
  issueCa(wishes?: CertificateWishes): Promise<TestCa>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

const DER_NULL = Buffer.from("0500", "hex");

/** Makes a CA that signs itself, with keys on P-256 as everything that it signs. */
export async function createTestCa(wishes: CertificateWishes = {}): Promise<TestCa> {
  const all = { commonName: "Test CA", isCa: true, ...wishes };
  const keys = await keysOf(all);
  const certificate = await X509CertificateGenerator.createSelfSigned({ ...paramsOf(all), name: nameOf(all), keys });
  return signerOf(certificate, await certificateOf(certificate, keys));
}

function signerOf(ca: X509Certificate, own: TestCertificate): TestCa {
  async function sign(wishes: CertificateWishes) {
    const keys = await keysOf(wishes);
    const certificate = await X509CertificateGenerator.create({
      ...paramsOf(wishes),
      subject: nameOf(wishes),
      issuer: ca.subjectName,
      publicKey: keys.publicKey,
      signingKey: own.keys.privateKey,
    });
    return { certificate, own: await certificateOf(certificate, keys) };
  }
  return {
    ...own,
    issue: async (wishes = {}) => (await sign(wishes)).own,
    async issueCa(wishes = {}) {
      const signed = await sign({ commonName: "Intermediate CA", isCa: true, ...wishes });
      return signerOf(signed.certificate, signed.own);
    },
  };
}

function keysOf({ keys }: CertificateWishes): Promise<CryptoKeyPair> {
  return keys ? Promise.resolve(keys) : webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function nameOf({ commonName, units = [], organization }: CertificateWishes) {
  return [
    ...(organization === undefined ? [] : [{ O: [organization] }]),
    ...units.map((unit) => ({ OU: [unit] })),
    ...(commonName === undefined ? [] : [{ CN: [commonName] }]),
  ];
}

function paramsOf(wishes: CertificateWishes) {
  const { serialNumber, notBefore, notAfter, hash = "SHA-256" } = wishes;
  return {
    notBefore: notBefore ?? new Date("2020-01-01"),
    notAfter: notAfter ?? new Date("2045-01-01"),
    ...(serialNumber === undefined ? {} : { serialNumber }),
    signingAlgorithm: { name: "ECDSA", hash },
    extensions: extensionsOf(wishes),
  };
}

function extensionsOf({ isCa = false, pathLength, keyUsage, purposes, uris = [], extension }: CertificateWishes) {
  return [
    ...(isCa ? [new BasicConstraintsExtension(true, pathLength, true)] : []),
    ...(keyUsage === undefined ? [] : [new KeyUsagesExtension(keyUsage, true)]),
    ...(purposes === undefined ? [] : [new ExtendedKeyUsageExtension([...purposes])]),
    ...(uris.length > 0
      ? [new SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url" as const, value })))]
      : []),
    ...(extension ? [new Extension(extension.oid, extension.isCritical, DER_NULL)] : []),
  ];
}

async function certificateOf(certificate: X509Certificate, keys: CryptoKeyPair): Promise<TestCertificate> {
  const der = Buffer.from(certificate.rawData);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    der,
    pem: certificate.toString("pem"),
    fingerprint: createHash("sha256").update(der).digest("hex"),
    keys,
    keyPem: PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}
