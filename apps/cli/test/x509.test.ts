import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestCa } from "@trine/testkit/x509";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "./a-gateway.ts";

let gateway: TestGateway;
let productKey: string;
const file = (name: string) => join(gateway.folder, name);
const x509 = <T = Record<string, unknown>>(...args: string[]) => gateway.json<T>("x509", ...args);

beforeAll(async () => {
  gateway = await startGateway();
  ({ productKey } = await gateway.json<{ productKey: string }>("products", "create", "lamp"));
  await gateway.json("devices", "add", productKey, "lamp_01");
}, 90_000);
afterAll(() => gateway?.dispose());

it("trine x509 issues, lists, renews and revokes certificates of a device", async () => {
  const lamp = [productKey, "lamp_01"];
  const noKey = await gateway.run(["x509", "issue", ...lamp, "--out", file("no.crt")]);
  expect(noKey).toMatchObject({ code: 1, err: expect.stringContaining("--key-out") });
  const issued = await x509("issue", ...lamp, "--out", file("one.crt"), "--key-out", file("one.key"), "--days", "30");
  const certificate = new X509Certificate(readFileSync(file("one.crt")));
  expect(certificate.subject).toContain("CN=lamp_01");
  expect(certificate.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(issued["fingerprint"]);
  expect(statSync(file("one.key")).mode & 0o777).toBe(0o600);
  const own = await gateway.run(["x509", "ca", "own"]);
  expect(certificate.verify(new X509Certificate(own.out).publicKey)).toBe(true);

  const renewed = await x509("renew", ...lamp, String(issued["fingerprint"]), "--out", file("two.crt"));
  expect(new X509Certificate(readFileSync(file("two.crt"))).publicKey.equals(certificate.publicKey)).toBe(true);
  await x509("revoke", ...lamp, String(issued["fingerprint"]), "--why", "lost");
  const listed = await x509<{ fingerprint: string; revokedWhy: string | null }[]>("list", ...lamp);
  expect(listed.map(({ fingerprint, revokedWhy }) => [fingerprint, revokedWhy]).toSorted()).toEqual(
    [
      [issued["fingerprint"], "lost"],
      [renewed["fingerprint"], null],
    ].toSorted(),
  );
});

it("trine x509 ca trusts a CA for a product, and no longer", async () => {
  const own = await gateway.run(["x509", "ca", "own"]);
  writeFileSync(file("ca.crt"), own.out);
  const added = await x509("ca", "add", productKey, file("ca.crt"));
  expect(await x509<object[]>("ca", "list", productKey)).toMatchObject([{ fingerprint: added["fingerprint"] }]);
  await x509("ca", "remove", productKey, String(added["fingerprint"]));
  expect(await x509<object[]>("ca", "list", productKey)).toEqual([]);
});

it("trine x509 bind binds a certificate that somebody else signed, by itself or by its fingerprint, and one of them at a time", async () => {
  const lamp = [productKey, "lamp_01"];
  const { pem, fingerprint } = await createTestCa();
  writeFileSync(file("foreign.crt"), pem);
  expect(await x509("bind", ...lamp, "--certificate", file("foreign.crt"))).toMatchObject({ fingerprint });
  const other = "ab".repeat(32);
  await x509("bind", ...lamp, "--fingerprint", other);
  const listed = await x509<{ fingerprint: string }[]>("list", ...lamp);
  expect(listed.map((each) => each.fingerprint)).toEqual(expect.arrayContaining([fingerprint, other]));
  const both = await gateway.run([
    "x509",
    "bind",
    ...lamp,
    "--fingerprint",
    other,
    "--certificate",
    file("foreign.crt"),
  ]);
  expect(both).toMatchObject({ code: 1, err: expect.stringContaining("either --certificate or --fingerprint") });
});
