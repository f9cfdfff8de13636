// npm run sbom [-- FILE]: a bill of materials (CycloneDX 1.6, JSON) of what Trine ships: every third-party package that the programs use, with
// its licence and the hash that an install checks. On standard output, or into FILE. The same lockfile gives the same bytes.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { listPackages, readIntegrity } from "./list-packages.mjs";
import { root } from "./pnpm.mjs";

const HASHES = {
  sha512: Enums.HashAlgorithm["SHA-512"],
  sha256: Enums.HashAlgorithm["SHA-256"],
  sha1: Enums.HashAlgorithm["SHA-1"],
};
const { name, version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const licences = new Contrib.License.Factories.LicenseFactory();
const integrity = readIntegrity();

const bom = new Models.Bom({
  metadata: new Models.Metadata({
    component: new Models.Component(Enums.ComponentType.Application, name, {
      version,
      description,
      bomRef: `${name}@${version}`,
      licenses: new Models.LicenseRepository([licences.makeFromString("Apache-2.0")]),
    }),
  }),
});
bom.serialNumber = serialNumberOf(readFileSync(join(root, "pnpm-lock.yaml")));
for (const each of listPackages({ shippedOnly: true })) bom.components.add(componentOf(each));

const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
const text = `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
const [file] = process.argv.slice(2);
if (file) writeFileSync(file, text);
else process.stdout.write(text);

function componentOf({ name: fullName, version: packageVersion, license, description: text, homepage }) {
  const [scope, shortName] = fullName.startsWith("@") ? fullName.split("/") : [undefined, fullName];
  const purl = `pkg:npm/${scope ? `${encodeURIComponent(scope)}/` : ""}${shortName}@${packageVersion}`;
  const component = new Models.Component(Enums.ComponentType.Library, shortName, {
    group: scope,
    version: packageVersion,
    description: text,
    purl,
    bomRef: purl,
    licenses: new Models.LicenseRepository([licences.makeFromString(license)]),
  });
  const [algorithm, hash] = (integrity.get(`${fullName}@${packageVersion}`) ?? "").split(/-(.*)/);
  if (HASHES[algorithm]) component.hashes.set(HASHES[algorithm], Buffer.from(hash, "base64").toString("hex"));
  if (homepage?.startsWith("http"))
    component.externalReferences.add(new Models.ExternalReference(homepage, Enums.ExternalReferenceType.Website));
  return component;
}

/** A UUID that follows from the content (RFC 9562 5.8), so that two runs agree. */
function serialNumberOf(content) {
  const bytes = createHash("sha256").update(content).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
