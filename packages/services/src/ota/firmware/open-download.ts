import type { Download } from "@trine/core/ports";
import type { FirmwareFiles } from "./firmware-files.ts";
import type { FirmwareStore } from "./firmware-store.ts";

/** Makes what opens the file that a link leads to; its subject is the id of the firmware. */
export function openDownload({ files, firmware }: { files: FirmwareFiles; firmware: Pick<FirmwareStore, "find"> }) {
  return async (firmwareId: string): Promise<Download | undefined> => {
    const found = await firmware.find(firmwareId);
    return (
      found && {
        size: found.size,
        etag: found.sha256,
        type: "application/octet-stream",
        read: (range) => files.read(firmwareId, range),
      }
    );
  };
}
