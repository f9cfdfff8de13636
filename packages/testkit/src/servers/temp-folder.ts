import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whenThisProcessEnds } from "./guard.ts";

/** A folder that goes away with the test. */
export interface TempFolder {
  readonly path: string;
  /** Deletes it with all that is in it. */
  remove(): Promise<void>;
}

// A server that is being killed may still write while its folder is deleted, so the deletion is repeated.
const REMOVE = 'n=0; until rm -rf -- "$1" || [ $n -ge 50 ]; do n=$((n+1)); sleep 0.1; done';

/** Makes an empty folder for one test. What the test forgets is deleted when its process ends. */
export async function makeTempFolder(label = "test"): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `trine-${label}-`));
  const cancel = whenThisProcessEnds(REMOVE, path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      cancel();
    },
  };
}
