// The library registers its parts with it.
import "reflect-metadata";
import { createPrivateKey, generateKeyPair, type KeyObject, webcrypto } from "node:crypto";
import { promisify } from "node:util";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { Secret } from "@trine/core/certificate";
import type { X509Issuer, X509KeyType } from "@trine/core/ports";
import { formatDeviceUrn } from "@trine/core/x509";

const EC_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

const generate = promisify(generateKeyPair);

/** Makes certificates with node:crypto's keys and Peculiar's encoder. Trine's CA signs with ECDSA on P-256 and SHA-256. */
export function createX509Issuer(): X509Issuer {
  return {
    async createAuthority({ name, serialNumber, notBeforeMs, notAfterMs }) {
      const keys = await webcrypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
      const certificate = await X509CertificateGenerator.createSelfSigned({
        serialNumber,
        name: [{ CN: [name] }],
        notBefore: new Date(notBeforeMs),
        notAfter: new Date(notAfterMs),
        keys,
        signingAlgorithm: SIGNING,
        extensions: [
          // It signs devices, and no other CA.
          new BasicConstraintsExtension(true, 0, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
          await SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
      const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
      return { der: Buffer.from(certificate.rawData), privateKey: pemOf(key) };
    },
    async createKey(type) {
      const { publicKey, privateKey } = await generateKey(type);
      return { publicKey: publicKey.export({ type: "spki", format: "der" }), privateKey: pemOf(privateKey) };
    },
    async readRequest(text) {
      try {
        const request = new Pkcs10CertificateRequest(text);
        return (await request.verify()) ? Buffer.from(request.publicKey.rawData) : undefined;
      } catch {
        // The library throws at what it cannot read, and at keys that it does not know.
        return undefined;
      }
    },
    async issue(authority, { device, publicKey, serialNumber, notBeforeMs, notAfterMs }) {
      const ca = new X509Certificate(authority.der);
      const key = new PublicKey(publicKey);
      const certificate = await X509CertificateGenerator.create({
        serialNumber,
        subject: [{ OU: [device.productKey] }, { CN: [device.deviceName] }],
        issuer: ca.subjectName,
        notBefore: new Date(notBeforeMs),
        notAfter: new Date(notAfterMs),
        publicKey: key,
        signingKey: await importSigningKey(authority.privateKey),
        signingAlgorithm: SIGNING,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([{ type: "url", value: formatDeviceUrn(device) }]),
          await SubjectKeyIdentifierExtension.create(key),
          await AuthorityKeyIdentifierExtension.create(ca.publicKey),
        ],
      });
      return Buffer.from(certificate.rawData);
    },
  };
}

function generateKey(type: X509KeyType): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (type) {
    case "ec-p256":
      return generate("ec", { namedCurve: EC_P256.namedCurve });
    case "rsa-2048":
      return generate("rsa", { modulusLength: 2_048 });
  }
}

function importSigningKey(pem: Secret) {
  const pkcs8 = createPrivateKey(pem.reveal()).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", pkcs8, EC_P256, false, ["sign"]);
}

function pemOf(key: KeyObject): Secret {
  return new Secret(key.export({ type: "pkcs8", format: "pem" }).toString(), "PrivateKey");
}
