import type { DeviceName } from "../../certificate/names.ts";
import { openDeviceSecret } from "../../certificate/open-device-secret.ts";
import type { PackageRecord, PackageStore } from "../../ports/package-store.ts";
import type { RegistryDeps } from "../registry-deps.ts";

/** Names the format in the first line of a package. */
const PACKAGE_FORMAT = "trine-package/1";

const CHUNK = 1_000;

/**
 * Writes a package in clear, a piece at a time: a line of JSON that describes it and holds the private key for receipts, then a line for each
 * device. Its form is part of the gateway's public face (docs/factory.md).
 *
 * @param receiptSeed Ed25519 private key, 32 bytes.
 * @throws when a device of the package is gone meanwhile: half a package looks like a whole one.
 */
export async function* packageLines(
  { registry, vault, packages }: Pick<RegistryDeps, "registry" | "vault"> & { readonly packages: PackageStore },
  record: PackageRecord,
  receiptSeed: Buffer,
): AsyncGenerator<string> {
  const { packageId, batchId, productKey, count, createdAtMs, expiresAtMs } = record;
  yield line({
    format: PACKAGE_FORMAT,
    packageId,
    batchId,
    productKey,
    count,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    receiptKey: receiptSeed.toString("base64url"),
  });
  const { sealedSeed } = (await registry.findProduct(productKey)) ?? {};
  const seed = sealedSeed === undefined ? {} : { sealedSeed };
  let written = 0;
  let after: DeviceName | undefined;
  do {
    const page = await packages.listDevices(packageId, { limit: CHUNK, ...(after ? { after } : {}) });
    const among = page.map(({ deviceName }) => deviceName);
    const kept = among.length > 0 ? await registry.listSealedSecrets(productKey, { limit: CHUNK, among }) : [];
    const secrets = kept.map(({ deviceName, ...secret }) => ({
      deviceName,
      deviceSecret: openDeviceSecret(vault, { ...secret, ...seed, device: { productKey, deviceName } }).reveal(),
    }));
    if (secrets.length > 0) yield secrets.map(line).join("");
    written += secrets.length;
    after = page.length < CHUNK ? undefined : among.at(-1);
  } while (after !== undefined);
  if (written !== count) throw new Error(`${count - written} devices of package ${packageId} are gone`);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
