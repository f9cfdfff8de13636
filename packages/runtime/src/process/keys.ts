import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createVault, parseMasterKeys, type Vault } from "@trine/core/certificate";
import type { Random } from "@trine/core/ports";
import { readOrMakeKeyFile } from "./data-folder.ts";
import { StartError } from "./start-error.ts";

/**
 * Opens the vault with the master keys of `file`; without one, of `master-key` in the data folder, made at the first start.
 *
 * @throws StartError when the file cannot be read, holds no valid key, or is required and not set.
 */
export function openVault(options: {
  file: string | undefined;
  dataFolder: string | undefined;
  random: Random;
}): Vault {
  const { file, dataFolder, random } = options;
  if (!file && !dataFolder)
    throw new StartError("TRINE_MASTER_KEY_FILE is required with DATABASE_URL (make one: openssl rand -base64 32)");
  try {
    const text = file
      ? readFileSync(file, "utf8")
      : readOrMakeKeyFile(join(dataFolder ?? "", "master-key"), "base64").text;
    return createVault(parseMasterKeys(text), random);
  } catch (error) {
    throw new StartError(
      `cannot use the master key of ${file ?? join(dataFolder ?? "", "master-key")} (TRINE_MASTER_KEY_FILE): ${(error as Error).message}`,
    );
  }
}
