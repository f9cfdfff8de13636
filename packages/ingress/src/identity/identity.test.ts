import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevelopmentIdentity } from "./development-identity.ts";
import { openIdentityInFiles } from "./identity-in-files.ts";

const DAY_MS = 86_400_000;

let folder: Awaited<ReturnType<typeof makeTempFolder>>;
const told: string[] = [];
const note = (fields: object) => void told.push((fields as { event: string }).event);
const logger = { info: note, warn: note } as never;

beforeAll(async () => {
  folder = await makeTempFolder("identity");
});
afterAll(() => folder.remove());

describe("the certificate that Trine makes itself", () => {
  it("is RSA with SHA-256, by a CA of its own, for the names that devices dial", async () => {
    const identity = await openDevelopmentIdentity(folder.path, { names: ["iot.example.com", "10.1.2.3"], logger });
    const certificate = new X509Certificate(identity.current().chain);
    const ca = new X509Certificate(readFileSync(identity.caFile ?? ""));
    expect(certificate.publicKey.asymmetricKeyType).toBe("rsa");
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    for (const name of ["iot.example.com", "localhost"]) expect(certificate.checkHost(name)).toBe(name);
    for (const address of ["10.1.2.3", "127.0.0.1"]) expect(certificate.checkIP(address)).toBe(address);
    for (const key of ["ca.key", "server.key"])
      expect(statSync(join(folder.path, "tls", key)).mode & 0o777).toBe(0o600);
    identity.close();
  });

  it("stays at the next start, and is made anew by the same CA for another name and before it ends", async () => {
    const open = async (names: readonly string[], nowMs = Date.now()) => {
      const identity = await openDevelopmentIdentity(folder.path, { names, logger, nowMs: () => nowMs });
      identity.close();
      return { chain: identity.current().chain, ca: readFileSync(identity.caFile ?? "", "utf8") };
    };
    const first = await open(["iot.example.com", "10.1.2.3"]);
    expect(await open(["iot.example.com"])).toEqual(first);
    const renamed = await open(["other.example.com"]);
    expect(renamed.ca).toBe(first.ca);
    expect(renamed.chain).not.toBe(first.chain);
    const later = await open(["other.example.com"], Date.now() + 380 * DAY_MS);
    expect(later.chain).not.toBe(renamed.chain);
    expect(later.ca).toBe(first.ca);
  });
});

describe("a certificate in files", () => {
  it("is read again when it changes; one that cannot be used is told once, and the old one stays", async () => {
    const made = async (name: string) => {
      const own = await openDevelopmentIdentity(join(folder.path, name), { names: [], logger });
      own.close();
      return own.current();
    };
    const [one, other] = [await made("one"), await made("other")];
    const files = { certificate: join(folder.path, "x.crt"), key: join(folder.path, "x.key") };
    const write = ({ chain, key }: typeof one) => {
      writeFileSync(files.certificate, chain);
      writeFileSync(files.key, key);
    };
    write(one);
    const identity = openIdentityInFiles(files, { logger, lookEveryMs: 5 });
    let changes = 0;
    identity.onChange(() => {
      changes += 1;
    });
    write(other);
    await expect.poll(() => identity.current()).toEqual(other);
    expect(changes).toBe(1);
    told.length = 0;
    writeFileSync(files.key, one.key);
    await expect.poll(() => told).toEqual(["tls_certificate_unusable"]);
    expect(identity.current()).toEqual(other);
    identity.close();
    expect(() => openIdentityInFiles(files, { logger })).toThrow("TRINE_TLS_CERT_FILE");
  });
});
