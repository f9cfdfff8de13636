import { randomBytes } from "node:crypto";
import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { X509AuthorityRecord, X509Record } from "@trine/core/ports";
import { aProductKey } from "./fixtures.ts";

/** As long as SHA-256, in hex. */
export function aFingerprint(): string {
  return randomBytes(32).toString("hex");
}

/** A serial number as it is kept, in hex. */
export function aSerialNumber(): string {
  return `4${randomBytes(16).toString("hex").slice(1)}`;
}

/** A certificate that was bound and seen, and never used. */
export function aCertificate(device: DeviceRef, given: Partial<X509Record> = {}) {
  return {
    fingerprint: aFingerprint(),
    device,
    origin: "bound" as const,
    seen: { subject: "CN=x", serialNumber: aSerialNumber(), notBeforeMs: 1, notAfterMs: 4_000_000_000_000 },
    issuerKeyHash: aFingerprint(),
    createdAtMs: 5,
    ...given,
  };
}

/** A CA of a product. */
export function anAuthority(
  productKey: ProductKey = aProductKey(),
  given: Partial<X509AuthorityRecord> = {},
): X509AuthorityRecord {
  return {
    productKey,
    fingerprint: aFingerprint(),
    keyHash: aFingerprint(),
    subject: "CN=CA",
    notBeforeMs: 1,
    notAfterMs: 4_000_000_000_000,
    der: randomBytes(20),
    createdAtMs: 5,
    ...given,
  };
}
