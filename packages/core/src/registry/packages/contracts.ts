import type { PackageRecord, PackedDevice } from "../../ports/package-store.ts";
import type { Actor } from "../contracts.ts";
import type { Problem } from "../problem.ts";

/** What a package is asked to be. */
export interface PackageOrder {
  /** Public key of the factory; the caller has checked that it can encrypt for it. */
  readonly recipient: string;
  /** Default: all devices of the batch that are in no package. */
  readonly count?: number;
  /** Default 30 days, at most a year. */
  readonly expiresInSeconds?: number;
}

/** A package that was made, and what belongs into it. */
export interface MadePackage {
  readonly record: PackageRecord;
  /** The lines of the package in clear, each with its end of line: secrets, to be encrypted and never stored. */
  readonly lines: AsyncIterable<string>;
}

/** What a receipt did. */
export interface ReceiptNoted {
  /** Devices that it told of for the first time. */
  readonly marked: number;
  /** Entries that are no device of the package: it was deleted, or voided. */
  readonly strangers: number;
  readonly record: PackageRecord;
}

/**
 * The hand-over of certificates to a factory (docs/decisions/0026): encrypted for it, each device once, with a receipt that comes back. Every
 * act is audited.
 */
export interface Packages {
  /** Makes a package. Its certificates can be read this once; who loses it voids it and makes another. */
  make(actor: Actor, batchId: string, order: PackageOrder): Promise<MadePackage | Problem>;
  find(batchId: string, packageId: string): Promise<PackageRecord | Problem>;
  list(batchId: string): Promise<readonly PackageRecord[] | Problem>;
  devices(
    batchId: string,
    packageId: string,
    page: { limit: number; cursor?: string },
  ): Promise<{ readonly items: readonly PackedDevice[]; readonly nextCursor?: string } | Problem>;
  /**
   * Takes a factory's receipt: verifies it with the key that went with the package, and notes which devices were burned. The same receipt may
   * come again, and a later one repeats the former.
   */
  takeReceipt(
    actor: Actor,
    id: { batchId: string; packageId: string },
    receipt: string,
  ): Promise<ReceiptNoted | Problem>;
  /**
   * Voids what was not used: each device without a receipt that has never logged in gets a new secret, in the background, and may go into
   * another package. What was burned stays as it is.
   */
  voidUnused(actor: Actor, id: { batchId: string; packageId: string }): Promise<PackageRecord | Problem>;
  /** Goes on with what is to be voided, one chunk. @returns whether there may be more: call again then. */
  work(signal: AbortSignal): Promise<boolean>;
}
