import type { Clock } from "@trine/core/ports";
import type { ServiceWork } from "../../contracts.ts";
import type { FirmwareFiles } from "./firmware-files.ts";
import type { FirmwareStore } from "./firmware-store.ts";

/** No upload takes as long. */
const ANNOUNCED_MS = 3_600_000;

/** Removes files that nobody needs: deleted ones, those of products that are gone, and what an upload that broke off left behind. */
export function createCleaningWork(deps: {
  readonly files: FirmwareFiles;
  readonly firmware: Pick<FirmwareStore, "unneeded" | "forget">;
  readonly clock: Pick<Clock, "nowMs">;
}): ServiceWork {
  const { files, firmware, clock } = deps;
  return {
    name: "ota_files",
    everyMs: 60_000,
    async run() {
      const names = await firmware.unneeded(clock.nowMs() - ANNOUNCED_MS);
      for (const name of names) {
        // The file first: a row without its file is found again, a file without its row never.
        await files.remove(name);
        await firmware.forget(name);
      }
      return names.length > 0;
    },
  };
}
