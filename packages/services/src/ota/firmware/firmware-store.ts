import type { ProductKey } from "@trine/core/certificate";
import type { Measured } from "./firmware-files.ts";

/** A version of a module of a product, and the file that brings devices to it. */
export interface Firmware extends Measured {
  readonly firmwareId: string;
  readonly productKey: ProductKey;
  readonly module: string;
  readonly version: string;
  readonly createdAtMs: number;
}

/** Remembers which files there are. Each is announced before it is written, so that none is forgotten by whoever dies in between. */
export interface FirmwareStore {
  /** A file of this name is about to be written. */
  announce(firmware: Omit<Firmware, keyof Measured>): Promise<void>;
  /** The file is whole. @returns `taken`: the product has this version of the module already; nothing changed. */
  keep(firmwareId: string, measured: Measured): Promise<Firmware | "taken">;
  find(firmwareId: string): Promise<Firmware | undefined>;
  findVersion(productKey: ProductKey, module: string, version: string): Promise<Firmware | undefined>;
  /** The newest first. @param before `firmwareId` of the last one of the page before. */
  list(productKey: ProductKey, page: { limit: number; before?: string }): Promise<readonly Firmware[]>;
  /** It is no firmware any more; its file may go. @returns `in_use`: a job that has not ended needs it. */
  giveUp(firmwareId: string): Promise<"given_up" | "in_use">;
  /**
   * Files that nobody needs: given up, of a product that is gone, or announced before `sinceMs` and never whole.
   *
   * @returns their names, a few.
   */
  unneeded(sinceMs: number): Promise<readonly string[]>;
  /** The file is gone. */
  forget(firmwareId: string): Promise<void>;
}
