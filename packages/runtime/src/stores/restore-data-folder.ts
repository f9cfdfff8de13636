import { join } from "node:path";
import { restoreSnapshot } from "@trine/postgres";
import { openDataFolder } from "../process/data-folder.ts";
import { StartError } from "../process/start-error.ts";

/**
 * Puts a snapshot into a data folder that has no database yet, while no gateway uses it.
 *
 * @throws StartError when the folder has a database, is in use, or the file is no snapshot.
 */
export async function restoreDataFolder(file: string, path: string): Promise<void> {
  const folder = await openDataFolder(path);
  try {
    await restoreSnapshot(file, join(folder.path, "database"));
  } catch (error) {
    throw new StartError(`cannot restore ${file} into ${folder.path}: ${(error as Error).message}`);
  } finally {
    await folder.release();
  }
}
