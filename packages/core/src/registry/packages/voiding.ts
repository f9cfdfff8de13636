import type { DeviceName } from "../../certificate/names.ts";
import type { PackageRecord, PackageStore, PackedDevice } from "../../ports/package-store.ts";
import type { Actor, Rotations } from "../contracts.ts";
import { isProblem } from "../problem.ts";
import type { RegistryDeps } from "../registry-deps.ts";

const CHUNK = 100;

/** In the audit log, for what follows from an operator's act later. */
const WORKER: Actor = { name: "package.void", peer: "-" };

/**
 * Makes the work of voiding packages: a new secret for each device that has no receipt and has never logged in, and then its way out of the
 * package. A device that dies between the two gets another secret the next time; nobody has seen the first.
 */
export function createVoiding({
  packages,
  registry,
  rotations,
}: Pick<RegistryDeps, "registry"> & {
  readonly packages: PackageStore;
  readonly rotations: Pick<Rotations, "rotate">;
}): (signal: AbortSignal) => Promise<boolean> {
  // What was burned without a receipt stays in the package, so a process remembers how far it came; another one begins anew.
  let reached: { packageId: string; after: DeviceName } | undefined;

  return async (signal) => {
    const record = await packages.findVoiding();
    if (!record) return false;
    const { packageId } = record;
    const after = reached?.packageId === packageId ? { after: reached.after } : {};
    const page = await packages.listDevices(packageId, { limit: CHUNK, unburned: true, ...after });
    const released: DeviceName[] = [];
    for (const { deviceName } of page) {
      if (signal.aborted) break;
      if (await replaceSecret(record, deviceName)) released.push(deviceName);
    }
    await packages.release(packageId, released);
    if (signal.aborted) return false;
    const last: PackedDevice | undefined = page.at(-1);
    reached = last && { packageId, after: last.deviceName };
    if (page.length < CHUNK) await packages.settleVoiding(packageId);
    return true;
  };

  /** @returns false when the device is in use: its secret is in its flash, receipt or not. */
  async function replaceSecret({ productKey }: PackageRecord, deviceName: DeviceName): Promise<boolean> {
    const device = { productKey, deviceName };
    const found = await registry.findDevice(device);
    if (!found || found.activatedAtMs !== undefined) return false;
    return !isProblem(await rotations.rotate(WORKER, device, { graceSeconds: 0 }));
  }
}
