import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@trine/core/certificate";
import { readOrMakeKeyFile, StartError } from "@trine/runtime";

/** The key that opens the REST API. */
export interface AdminKey {
  readonly secret: Secret;
  /** It was made by this start and nobody has seen it yet. */
  readonly isNew: boolean;
}

/**
 * The key that was set, else the one in the data folder, made at the first start.
 *
 * @throws StartError when the data folder cannot be written.
 */
export function openAdminKey(given: string | undefined, dataFolder: string): AdminKey {
  if (given) return { secret: new Secret(given, "AdminKey"), isNew: false };
  const file = join(dataFolder, "admin-key");
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const { text, made } = readOrMakeKeyFile(file, "base64url");
    return { secret: new Secret(text, "AdminKey"), isNew: made };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `cannot keep the admin key in ${file} (${code}); set TRINE_ADMIN_KEY, or TRINE_DATA_DIR to a folder that can be written`,
    );
  }
}
