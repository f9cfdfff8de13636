import { X509_KEY_TYPES, type X509AuthorityRecord, type X509Record } from "@trine/core/ports";
import { type IssuedX509, X509_VALID_DAYS } from "@trine/core/registry";
import { writePem, type X509Facts } from "@trine/core/x509";
import { instant } from "@trine/services/rest";
import { z } from "zod";
import { revokedBody } from "./devices.ts";
import { deviceParams, productParams } from "./names.ts";

const pem = z.string().min(1).max(65_536);
const fingerprint = z.string().describe("SHA-256 of the certificate in DER, in hexadecimal; colons are passed over.");
const ofFingerprint = { fingerprint };

/** Path parameters of a certificate of a device, and of a CA of a product. */
export const certificateParams = deviceParams.extend(ofFingerprint);
export const authorityParams = productParams.extend(ofFingerprint);

/** What is bound to a device. */
export const boundRequest = z.union([
  z.strictObject({ certificate: pem.describe("The device's certificate, PEM.") }),
  z.strictObject({ fingerprint: fingerprint.max(128) }),
]);

/** What Trine is to issue. */
export const orderRequest = z
  .strictObject({
    request: pem.optional().describe("A certification request (PKCS #10, PEM). Only its key counts."),
    keyType: z
      .enum(X509_KEY_TYPES)
      .optional()
      .describe("Without a request: the kind of key that is made. Default ec-p256; rsa-2048 for old mbed TLS."),
    validDays: z
      .int()
      .min(1)
      .max(X509_VALID_DAYS.max)
      .optional()
      .describe(`Default ${X509_VALID_DAYS.default}; of a renewal, as many as before.`),
  })
  .nullish();

export const certificateBody = z.object({
  fingerprint,
  productKey: z.string(),
  deviceName: z.string(),
  origin: z
    .enum(["bound", "issued", "named"])
    .describe(
      "bound: by an operator. issued: by Trine. named: its subject names the device, and a CA of the product vouches for it.",
    ),
  subject: z
    .string()
    .nullable()
    .describe("null, as what follows: it was bound by its fingerprint, and not used since."),
  serialNumber: z.string().nullable(),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  certificate: z.string().nullable().describe("PEM; null where it was never given to Trine in full."),
  createdAt: instant,
  firstUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
  revokedWhy: z.string().nullable(),
});

export const certificateList = z.object({ items: z.array(certificateBody) });

export const issuedBody = certificateBody.extend({
  certificate: z.string().describe("PEM."),
  authority: z.string().describe("The CA that signed it, PEM."),
  privateKey: z
    .string()
    .optional()
    .describe("PKCS #8, PEM; told this once. Absent: it stays where the request came from."),
});

const why = z.string().min(1).max(256).default("no reason given");

export const revokeRequest = z.strictObject({ why }).nullish();

export const serialsRequest = z.strictObject({
  serialNumbers: z.array(z.string().min(1).max(64)).min(1).max(1_000).describe("Hexadecimal."),
  why,
});

export const revokedSerials = revokedBody.extend({ devices: z.int().describe("Devices that had used one of them.") });

export const revokedSerial = z.object({ serialNumber: z.string(), revokedAt: instant, why: z.string() });

export const authorityRequest = z.strictObject({ certificate: pem.describe("The CA's certificate, PEM.") });

export const authorityBody = z.object({
  fingerprint,
  subject: z.string(),
  notBefore: instant,
  notAfter: instant,
  certificate: z.string().describe("PEM."),
});

export const authorityList = z.object({ items: z.array(authorityBody) });

/** A certificate of a device as the API shows it. */
export function showCertificate(record: X509Record): z.output<typeof certificateBody> {
  const { fingerprint: print, device, origin, seen, der, createdAtMs, firstUsedAtMs, revokedAtMs, revokedWhy } = record;
  return {
    fingerprint: print,
    ...device,
    origin,
    subject: seen?.subject ?? null,
    serialNumber: seen?.serialNumber ?? null,
    notBefore: instantOf(seen?.notBeforeMs),
    notAfter: instantOf(seen?.notAfterMs),
    certificate: der ? writePem(der) : null,
    createdAt: new Date(createdAtMs).toISOString(),
    firstUsedAt: instantOf(firstUsedAtMs),
    revokedAt: instantOf(revokedAtMs),
    revokedWhy: revokedWhy ?? null,
  };
}

/** A certificate that was issued just now, with its key if that was made here: the one time that it is shown. */
export function showIssued({ record, der, authority, privateKey }: IssuedX509): z.output<typeof issuedBody> {
  return {
    ...showCertificate(record),
    certificate: writePem(der),
    authority: writePem(authority),
    ...(privateKey ? { privateKey: privateKey.reveal() } : {}),
  };
}

/** A CA of a product as the API shows it. */
export function showAuthority(authority: Omit<X509AuthorityRecord, "productKey">): z.output<typeof authorityBody> {
  const { fingerprint: print, subject, notBeforeMs, notAfterMs, der } = authority;
  return {
    fingerprint: print,
    subject,
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
    certificate: writePem(der),
  };
}

/** Trine's own CA as the API shows it. */
export function showOwn({ subject, ...facts }: X509Facts): z.output<typeof authorityBody> {
  return showAuthority({ ...facts, subject: subject.text, createdAtMs: 0 });
}

function instantOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
