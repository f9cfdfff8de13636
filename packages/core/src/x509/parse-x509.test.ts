import { createTestCa } from "@trine/testkit/x509";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { namedDevice } from "./named-device.ts";
import { isSignedBy, MAX_X509_BYTES, parseX509, type X509Facts } from "./parse-x509.ts";
import { readPem, writePem } from "./read-pem.ts";
import { whyUnfit } from "./why-unfit.ts";

const SERIAL = "00ff0102030405060708090a0b0c0d0e0f";
const dates = { notBefore: new Date("1999-12-31T23:59:59Z"), notAfter: new Date("2050-01-01T00:00:00Z") };
const urn = "urn:trine:a1b2C3d4E5f:lamp-1@hall.2:x";

let der: Buffer;
let pem: string;
let facts: X509Facts;

beforeAll(async () => {
  const ca = await createTestCa();
  const wishes = { commonName: "a, c=d+\n", units: ["Ä"], organization: "O", serialNumber: SERIAL, ...dates };
  ({ der, pem } = await ca.issue({ ...wishes, uris: [urn, "x:y"], keyUsage: 1, purposes: ["1.3.6.1.5.5.7.3.2"] }));
  facts = parseX509(der) ?? expect.fail("it cannot be read");
});

describe("a certificate", () => {
  it("is read as node:crypto reads it", () => {
    const { handle } = facts;
    expect(facts.fingerprint).toBe(handle.fingerprint256.replaceAll(":", "").toLowerCase());
    expect(facts.serialNumber).toBe(handle.serialNumber.toLowerCase());
    expect(facts.notBeforeMs).toBe(Date.parse(handle.validFrom));
    expect(facts.notAfterMs).toBe(Date.parse(handle.validTo));
    expect(facts.notAfterMs).toBe(dates.notAfter.getTime());
    expect(facts.isAuthority).toBe(handle.ca);
    // What node:crypto calls the usage of the key are the purposes.
    expect(facts.purposes).toEqual(handle.keyUsage);
  });

  it("tells names with what would mislead a reader escaped", () => {
    expect(facts.subject.text).toBe("O=O, OU=Ä, CN=a\\, c\\=d\\+?");
    expect(facts.issuer.text).toBe("CN=Test CA");
    expect(facts.uris).toEqual([urn, "x:y"]);
    expect(namedDevice(facts)).toEqual({ productKey: "a1b2C3d4E5f", deviceName: "lamp-1@hall.2:x" });
  });

  it("is the same from PEM, whatever surrounds it", () => {
    expect(readPem(`text\r\n${pem.replaceAll("\n", "\r\n")}${pem}`)).toEqual(der);
    expect(readPem(writePem(der))).toEqual(der);
    for (const text of ["", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", pem.slice(0, 100)])
      expect(readPem(text)).toBeUndefined();
  });

  it("is none with a byte more or less, or a longer spelling of a length", () => {
    expect(parseX509(Buffer.concat([der, Buffer.alloc(1)]))).toBeUndefined();
    expect(parseX509(der.subarray(0, -1))).toBeUndefined();
    const long = Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)]);
    expect(parseX509(long)).toBeUndefined();
    expect(parseX509(Buffer.alloc(MAX_X509_BYTES + 1, 0x30))).toBeUndefined();
  });
});

describe("whatever the bytes", () => {
  it("reading never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(parseX509(bytes)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("a certificate with changed bytes is none, or is not signed any more, and judging it never throws", async () => {
    const issuer = await createTestCa();
    const own = await issuer.issue({ commonName: "device_01", units: ["a1b2C3d4E5f"], uris: [urn] });
    const signer = parseX509(issuer.der) ?? expect.fail("it cannot be read");
    const change = fc.record({ at: fc.nat(own.der.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(own.der);
        for (const { at, by } of changes) changed[at] = (changed[at] ?? 0) ^ by;
        const read = parseX509(changed);
        if (!read || changed.equals(own.der)) return;
        expect(isSignedBy(read, signer)).toBe(false);
        whyUnfit(read, { as: "device", nowMs: 0 });
        namedDevice(read);
      }),
      { numRuns: 2_000 },
    );
  });
});
