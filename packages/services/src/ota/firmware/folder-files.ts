import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FirmwareFiles } from "./firmware-files.ts";
import { spool } from "./spool.ts";

/** Files in a folder, which is made with the first of them. With several nodes it is one that all of them mount. */
export function createFolderFiles(folder: string): FirmwareFiles {
  const path = (name: string) => join(folder, name);
  return {
    async put(name, source, most) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const incoming = path(`${name}.incoming`);
      try {
        const measured = await spool(incoming, source, most);
        if (measured === "too_large") return measured;
        await rename(incoming, path(name));
        await syncFolder(folder);
        return measured;
      } finally {
        await rm(incoming, { force: true });
      }
    },
    // `end` of the stream is the last byte itself.
    read: (name, { start, end }) => (start < end ? createReadStream(path(name), { start, end: end - 1 }) : none()),
    remove: (name) => rm(path(name), { force: true }),
  };
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** A rename is durable when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
