import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import "reflect-metadata";
import { PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { parseDeviceRef } from "@trine/core/certificate";
import { X509_KEY_TYPES } from "@trine/core/ports";
import { isIssuedBy, namedDevice, parseX509, whyUnfit } from "@trine/core/x509";
import { beforeAll, describe, expect, it } from "vitest";
import { createX509Issuer } from "../src/index.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const terms = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + DAY_MS };
const issuer = createX509Issuer();
const device = must(parseDeviceRef("a1b2C3d4E5f", "lamp-1@hall.2:x"));
const ec = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

describe("a CA", () => {
  it("is one that the core takes, for devices only", async () => {
    const { der, privateKey } = await issuer.createAuthority({ ...terms, name: "Trine", serialNumber: "0a" });
    const facts = must(parseX509(der));
    expect(facts).toMatchObject({ isAuthority: true, pathLength: 0, serialNumber: "0a", ...terms });
    expect(facts.subject.text).toBe("CN=Trine");
    expect(whyUnfit(facts, { as: "authority", nowMs: NOW_MS })).toBeUndefined();
    expect(isIssuedBy(facts, facts)).toBe(true);
    expect(new X509Certificate(der).checkPrivateKey(createPrivateKey(privateKey.reveal()))).toBe(true);
  });
});

describe("a certificate", () => {
  let authority: Awaited<ReturnType<typeof issuer.createAuthority>>;
  beforeAll(async () => {
    authority = await issuer.createAuthority({ ...terms, name: "Trine", serialNumber: "0a" });
  });

  it.each(X509_KEY_TYPES)("is its device's, with a key of the kind %s that is the one told", async (type) => {
    const { publicKey, privateKey } = await issuer.createKey(type);
    const der = await issuer.issue(authority, { ...terms, device, publicKey, serialNumber: "7f01" });
    const facts = must(parseX509(der));
    expect(namedDevice(facts)).toEqual(device);
    expect(namedDevice({ ...facts, uris: [] })).toEqual(device);
    expect(facts).toMatchObject({ isAuthority: false, serialNumber: "7f01", ...terms });
    expect(whyUnfit(facts, { as: "device", nowMs: NOW_MS })).toBeUndefined();
    expect(isIssuedBy(facts, must(parseX509(authority.der)))).toBe(true);
    expect(new X509Certificate(der).checkPrivateKey(createPrivateKey(privateKey.reveal()))).toBe(true);
    expect(JSON.stringify({ privateKey })).toBe('{"privateKey":"[PrivateKey]"}');
  });

  it("for a request has the key of the request", async () => {
    const keys = await crypto.subtle.generateKey(ec, true, ["sign", "verify"]);
    const request = await Pkcs10CertificateRequestGenerator.create({
      keys,
      name: [{ CN: ["whoever"] }],
      signingAlgorithm: ec,
    });
    for (const form of [request.toString("pem"), Buffer.from(request.rawData)]) {
      const publicKey = must(await issuer.readRequest(form));
      const der = await issuer.issue(authority, { ...terms, device, publicKey, serialNumber: "01" });
      const spki = Buffer.from(await crypto.subtle.exportKey("spki", keys.publicKey));
      expect(new X509Certificate(der).publicKey.export({ type: "spki", format: "der" })).toEqual(spki);
      expect(namedDevice(must(parseX509(der)))).toEqual(device);
    }
  });
});

describe("a request", () => {
  it("that another key signed is none", async () => {
    const keys = await crypto.subtle.generateKey(ec, true, ["sign", "verify"]);
    const other = await crypto.subtle.generateKey(ec, true, ["sign", "verify"]);
    const request = await Pkcs10CertificateRequestGenerator.create({
      keys: { publicKey: keys.publicKey, privateKey: other.privateKey },
      signingAlgorithm: ec,
    });
    expect(await issuer.readRequest(request.toString("pem"))).toBeUndefined();
  });

  it.each(["", "hello", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "\0"])(
    "is not %j",
    async (text) => {
      expect(await issuer.readRequest(text)).toBeUndefined();
    },
  );

  it("is no public key alone", async () => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const der = createPublicKey(publicKey.export({ type: "spki", format: "pem" })).export({
      type: "spki",
      format: "der",
    });
    expect(await issuer.readRequest(der)).toBeUndefined();
    expect(await issuer.readRequest(PemConverter.encode(der, "CERTIFICATE REQUEST"))).toBeUndefined();
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}
