import type { DeviceRef } from "@trine/core/certificate";
import type { Inform } from "./parse-inform.ts";

/** What a device runs, and since when it says so. */
export interface ModuleVersion extends Inform {
  readonly sinceMs: number;
}

/** Remembers what devices say they run. */
export interface VersionStore {
  /**
   * Notes the version of a module; the same one again changes nothing.
   *
   * @param most modules of one device: a further one is not noted.
   * @throws when the store cannot answer.
   */
  note(device: DeviceRef, inform: Inform, at: { nowMs: number; most: number }): Promise<"noted" | "too_many">;
  /** By the names of the modules. */
  list(device: DeviceRef): Promise<readonly ModuleVersion[]>;
}
