import { webcrypto } from "node:crypto";
import { createTestCa, type TestCa } from "@trine/testkit/x509";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { NO_SECRET_VERSION } from "../src/auth/index.ts";
import type { DeviceRef } from "../src/certificate/index.ts";
import { aSession, must, NOW_MS, type Node, OPERATOR } from "./a-node.ts";
import { anX509Node, type X509Node } from "./an-x509-node.ts";

// Flags of the key usage.
const DIGITAL_SIGNATURE = 1;
const CERTIFICATE_SIGNING = 32;

let node: Node;
let device: DeviceRef;
let ca: TestCa;
let otherCa: TestCa;
let trust: X509Node["trust"];
let named: X509Node["named"];
let addOther: X509Node["addOther"];
let logIn: X509Node["logIn"];

beforeEach(async () => {
  ({ node, device, ca, otherCa, trust, named, addOther, logIn } = await anX509Node());
});

const isLetIn = expect.objectContaining({ sessionId: expect.any(String) });

describe("a certificate that names its device", () => {
  beforeEach(() => trust(ca));

  it.each([
    ["by common name and unit", () => named()],
    ["by common name and organization", () => named({ units: [], organization: device.productKey })],
    ["by common name and unit, whatever the organization", () => named({ organization: "Acme" })],
    ["by an alternative name", () => ({ uris: [`urn:trine:${device.productKey}:${device.deviceName}`] })],
    [
      "by an alternative name, whatever the subject",
      () => ({ commonName: "x", uris: ["other:x", `urn:trine:${device.productKey}:${device.deviceName}`] }),
    ],
  ])("%s is let in", async (_, wishes) => {
    const { der, fingerprint } = await ca.issue(wishes());
    expect(await logIn([der])).toMatchObject({
      device,
      transport: "radio",
      secretVersion: NO_SECRET_VERSION,
      x509: { fingerprint, x509Version: 0 },
    });
  });

  it.each([
    ["no unit nor organization", () => named({ units: [] })],
    ["two common names", () => named({ commonName: "x", units: [device.productKey] })],
    ["two units", () => named({ units: [device.productKey, "Sales"] })],
    [
      "a unit that is no product, though its organization is one",
      () => named({ units: ["x y"], organization: device.productKey }),
    ],
    ["an unknown device", () => named({ commonName: "device_99" })],
    ["a product that is not there", () => named({ units: ["a1nothing00"] })],
    ["an alternative name of another form", () => named({ uris: ["urn:trine:nobody"] })],
    [
      "two alternative names",
      () => named({ uris: [`urn:trine:${device.productKey}:${device.deviceName}`, "urn:trine:a1other:device_01"] }),
    ],
  ])("with %s is of no device", async (_, wishes) => {
    const { der } = await ca.issue(wishes());
    expect(await logIn([der])).toBe("bad_credentials: the certificate is of no device");
  });

  it("is not let in when another CA signed it", async () => {
    const { der } = await otherCa.issue(named());
    expect(await logIn([der])).toBe("bad_credentials: the certificate: no CA of the product signed it");
  });

  it("is not let in when a CA of the same name signed it", async () => {
    const impostor = await createTestCa();
    const { der } = await impostor.issue(named());
    expect(await logIn([der])).toBe("bad_credentials: the certificate: no CA of the product signed it");
  });

  it("is not let in when the CA is of another product only", async () => {
    const { device: other } = await aSession(node, "device_02");
    const { der } = await ca.issue({ commonName: other.deviceName, units: [other.productKey] });
    expect(await logIn([der])).toBe("bad_credentials: the certificate: no CA of the product signed it");
  });

  it("is let in by a CA that several products share", async () => {
    const { device: other } = await aSession(node, "device_02");
    await trust(ca, other.productKey);
    const { der } = await ca.issue({ commonName: other.deviceName, units: [other.productKey] });
    expect(await logIn([der])).toMatchObject({ device: other });
  });

  it("is not let in when it signed itself", async () => {
    const { der } = await createTestCa(named({ isCa: false }));
    expect(await logIn([der])).toBe("bad_credentials: the certificate: no CA of the product signed it");
  });

  it("is not let in when it is a CA itself", async () => {
    expect(await logIn([(await ca.issueCa(named())).der])).toBe("bad_credentials: the certificate: it is a CA");
  });

  it("of another device with the same key is that other device's", async () => {
    const { deviceName } = await addOther();
    const { der, keys } = await ca.issue(named());
    const twin = await ca.issue(named({ commonName: deviceName, keys }));
    expect(await logIn([der])).toMatchObject({ device });
    expect(await logIn([twin.der])).toMatchObject({ device: { deviceName } });
  });

  it("must be of the device that the login says it is of, if it says so", async () => {
    const { der } = await ca.issue(named());
    const other = await addOther();
    expect(await logIn([der], { device })).toEqual(isLetIn);
    expect(await logIn([der], { device: other })).toMatch(/^bad_credentials: the certificate is of /);
  });

  it("is believed again as long as its CA is, and no longer", async () => {
    const { der } = await ca.issue(named());
    expect(await logIn([der])).toEqual(isLetIn);
    must(await node.operators.x509Authorities.remove(OPERATOR, device.productKey, ca.fingerprint));
    expect(await logIn([der])).toMatch(/no CA of the product/);
    await trust(ca);
    expect(await logIn([der])).toEqual(isLetIn);
  });
});

describe("a chain", () => {
  beforeEach(() => trust(ca));

  it("may lead over others, in any order, with strangers among them", async () => {
    const first = await ca.issueCa();
    const second = await first.issueCa({ commonName: "Second" });
    const { der } = await second.issue(named());
    expect(await logIn([der, first.der, otherCa.der, second.der])).toEqual(isLetIn);
    expect(await logIn([der, second.der])).toMatch(/no CA of the product/);
    expect(await logIn([der])).toMatch(/no CA of the product/);
  });

  it("does not lead over a device's certificate", async () => {
    const leaf = await ca.issueCa({ ...named(), isCa: false });
    const { der } = await leaf.issue(named());
    expect(await logIn([der, leaf.der])).toMatch(/it is no CA|no CA of the product/);
  });

  it("does not lead over a CA that may not sign", async () => {
    const unfit = await ca.issueCa({ keyUsage: DIGITAL_SIGNATURE });
    const { der } = await unfit.issue(named());
    expect(await logIn([der, unfit.der])).toMatch(/its key usage is another one/);
    const fit = await ca.issueCa({ keyUsage: CERTIFICATE_SIGNING });
    expect(await logIn([(await fit.issue(named())).der, fit.der])).toEqual(isLetIn);
  });

  it("is no longer than a CA allows", async () => {
    const short = await createTestCa({ commonName: "Short", pathLength: 0 });
    await trust(short);
    expect(await logIn([(await short.issue(named())).der])).toEqual(isLetIn);
    const between = await short.issueCa();
    const { der } = await between.issue(named());
    expect(await logIn([der, between.der])).toMatch(/no CA of the product/);
  });

  it("is no longer than four in between", async () => {
    let last = ca;
    const between: Buffer[] = [];
    for (let depth = 1; depth <= 5; depth += 1) {
      last = await last.issueCa({ commonName: `CA ${depth}` });
      between.push(last.der);
      const { der } = await last.issue(named());
      expect(await logIn([der, ...between])).toEqual(depth < 5 ? isLetIn : expect.stringMatching(/no CA/));
    }
  });

  it("that runs in circles ends", async () => {
    const a = await createTestCa({ commonName: "Circle" });
    const b = await a.issueCa({ commonName: "Circle" });
    const c = await b.issueCa({ commonName: "Circle" });
    const { der } = await c.issue(named());
    expect(await logIn([der, a.der, b.der, c.der])).toMatch(/no CA of the product/);
    await trust(a);
    expect(await logIn([der, a.der, b.der, c.der])).toEqual(isLetIn);
  });
});

describe("a certificate that is bound", () => {
  it("needs no CA and names nobody", async () => {
    const { der, pem } = await createTestCa({ commonName: "whoever", isCa: false });
    must(await node.operators.x509.bind(OPERATOR, device, { certificate: pem }));
    expect(await logIn([der])).toMatchObject({ device });
  });

  it("may be bound by its fingerprint alone, as tools print it", async () => {
    const { der, fingerprint } = await createTestCa({ commonName: "whoever" });
    const spelled = fingerprint.toUpperCase().match(/../g)?.join(":") ?? "";
    must(await node.operators.x509.bind(OPERATOR, device, { fingerprint: spelled }));
    expect(await logIn([der])).toMatchObject({ device, x509: { fingerprint } });
    expect(must(await node.operators.x509.list(device))).toMatchObject([
      { fingerprint, origin: "bound", firstUsedAtMs: NOW_MS, seen: { subject: "CN=whoever" } },
    ]);
  });

  it("is its device's, whatever it names and whichever CA signed it", async () => {
    await trust(ca);
    const other = await addOther();
    const { der, pem } = await ca.issue(named());
    must(await node.operators.x509.bind(OPERATOR, other, { certificate: pem }));
    expect(await logIn([der])).toMatchObject({ device: other });
  });

  it("is not one with the same key", async () => {
    const { pem, keys } = await createTestCa({ commonName: "whoever" });
    const { der } = await createTestCa({ commonName: "whoever", keys });
    must(await node.operators.x509.bind(OPERATOR, device, { certificate: pem }));
    expect(await logIn([der])).toBe("bad_credentials: the certificate is of no device");
  });

  it("goes with its device", async () => {
    const { der, pem } = await createTestCa({ commonName: "whoever" });
    must(await node.operators.x509.bind(OPERATOR, device, { certificate: pem }));
    must(await node.operators.devices.remove(OPERATOR, device));
    must(await node.operators.devices.add(OPERATOR, device.productKey, { deviceName: device.deviceName }));
    expect(await logIn([der])).toBe("bad_credentials: the certificate is of no device");
  });
});

describe("a certificate does not count", () => {
  beforeEach(() => trust(ca));

  it.each([
    ["before its time", { notBefore: new Date(NOW_MS + 1_000) }, /not valid before/],
    ["after its time", { notAfter: new Date(NOW_MS - 1_000) }, /expired at/],
    ["when SHA-1 signed it", { hash: "SHA-1" as const }, /signature algorithm 1\.2\.840\.10045\.4\.1/],
    ["when its key may not sign", { keyUsage: CERTIFICATE_SIGNING }, /its key usage is another one/],
    ["when it is for servers", { purposes: ["1.3.6.1.5.5.7.3.1"] }, /its purpose is another one/],
  ])("%s", async (_, wishes, why) => {
    const { der } = await ca.issue(named(wishes));
    expect(await logIn([der])).toMatch(/^bad_credentials: the certificate: /);
    expect(await logIn([der])).toMatch(why);
  });

  it.each([
    ["clients", ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]],
    ["anything", ["2.5.29.37.0"]],
  ])("unless it is for %s", async (_, purposes) => {
    expect(await logIn([(await ca.issue(named({ purposes, keyUsage: DIGITAL_SIGNATURE }))).der])).toEqual(isLetIn);
  });

  it("when its key is weak", async () => {
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: Buffer.from([1, 0, 1]) };
    const keys = await webcrypto.subtle.generateKey({ ...rsa, modulusLength: 1_024 }, true, ["sign", "verify"]);
    expect(await logIn([(await ca.issue(named({ keys }))).der])).toMatch(/its key is too weak/);
  });

  it("when it has a critical extension that nobody knows", async () => {
    const { der } = await ca.issue(named({ extension: { oid: "1.2.3.4", isCritical: true } }));
    expect(await logIn([der])).toMatch(/critical extension 1\.2\.3\.4/);
    const harmless = await ca.issue(named({ extension: { oid: "1.2.3.4", isCritical: false } }));
    expect(await logIn([harmless.der])).toEqual(isLetIn);
  });

  it("when its CA has expired", async () => {
    const { der } = await ca.issue(named({ notAfter: new Date("2046-01-01") }));
    node.fleet.clock.pass(Date.parse("2045-06-01") - NOW_MS);
    expect(await logIn([der])).toMatch(/the CA CN=Test CA: it expired/);
  });

  it("when it is larger than any", async () => {
    const { der } = await ca.issue(
      named({ uris: Array.from({ length: 900 }, (_, at) => `urn:x:${"x".repeat(10)}${at}`) }),
    );
    expect(der.length).toBeGreaterThan(16 * 1_024);
    expect(await logIn([der])).toBe("bad_credentials: the certificate cannot be read");
  });

  it("when it is none, and whatever comes with it does no harm", async () => {
    const { der } = await ca.issue(named());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), async (garbage) => {
        expect(await logIn([garbage[0] ?? Buffer.alloc(0), ...garbage])).toBe(
          "bad_credentials: the certificate cannot be read",
        );
        expect(await logIn([der, ...garbage])).toEqual(isLetIn);
      }),
      { numRuns: 50 },
    );
  });
});
