import type { DeviceName, ProductKey } from "../certificate/names.ts";

/** Certificates of a batch, encrypted for a factory and handed over once. What was handed over is not stored. */
export interface HandOverPackage {
  readonly packageId: string;
  readonly batchId: string;
  readonly productKey: ProductKey;
  /** Public key of the factory that it was encrypted for. */
  readonly recipient: string;
  /** Ed25519 public key that the factory's receipts verify with, raw, in base64url. */
  readonly receiptKey: string;
  readonly createdAtMs: number;
  /** From then on the factory's tool hands nothing out of it. Wall clock. */
  readonly expiresAtMs: number;
}

export interface PackageRecord extends HandOverPackage {
  /** `voiding`: its unused certificates are being replaced. */
  readonly status: "handed_over" | "voiding" | "voided";
  /** Devices that are in it now: those that a voiding released are gone. */
  readonly count: number;
  /** Of those, how many a receipt has told to be burned. */
  readonly burned: number;
}

/** A device of a package. */
export interface PackedDevice {
  readonly deviceName: DeviceName;
  /** Absent: no receipt has told of it. */
  readonly burnedAtMs?: number;
}

/**
 * Which device was handed over in which package, durable. A device is in one package at most.
 *
 * Everything is committed when its promise resolves. Deleted devices leave their package.
 */
export interface PackageStore {
  /**
   * Makes a package of devices of its batch that are in none, in the order of names. Of any number of simultaneous callers no two get the same
   * device.
   *
   * @param count at most so many; absent: all that are left.
   * @returns `undefined`, and nothing is made, when none is left.
   */
  make(handOver: HandOverPackage, count?: number): Promise<PackageRecord | undefined>;
  find(packageId: string): Promise<PackageRecord | undefined>;
  /** The packages of a batch, oldest first. */
  list(batchId: string): Promise<readonly PackageRecord[]>;
  /** Devices of a package in the order of names, at most `limit` after `after`; with `unburned` only those without a receipt. */
  listDevices(
    packageId: string,
    page: { after?: DeviceName; limit: number; unburned?: boolean },
  ): Promise<readonly PackedDevice[]>;
  /**
   * Notes devices as burned. One that was noted before keeps its time.
   * @returns those that were noted now, in the order of names, and how many of those given are not in the package.
   */
  markBurned(
    packageId: string,
    burned: readonly { readonly deviceName: DeviceName; readonly atMs: number }[],
  ): Promise<{ readonly marked: readonly { deviceName: DeviceName; iotId: string }[]; readonly strangers: number }>;
  /** Begins to void a package; one that is voided already stays so. */
  beginVoiding(packageId: string): Promise<PackageRecord | undefined>;
  /** A package that is being voided, the oldest. */
  findVoiding(): Promise<PackageRecord | undefined>;
  /** Takes devices out of a package; another one may have them then. */
  release(packageId: string, deviceNames: readonly DeviceName[]): Promise<void>;
  /** What is being voided is voided. */
  settleVoiding(packageId: string): Promise<void>;
}
