import { join, resolve } from "node:path";
import type { FirmwareFiles } from "./firmware-files.ts";
import { createFolderFiles } from "./folder-files.ts";

/** Where files are kept by the settings; nowhere when the nodes have no place that they share. */
export function openFiles(
  { TRINE_FIRMWARE_DIR: folder }: { readonly TRINE_FIRMWARE_DIR: string | undefined },
  dataFolder: string | undefined,
): FirmwareFiles | undefined {
  if (folder !== undefined) return createFolderFiles(resolve(folder));
  return dataFolder === undefined ? undefined : createFolderFiles(join(dataFolder, "firmware"));
}
