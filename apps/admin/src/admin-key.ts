import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@trine/core/certificate";
import { readOrMakeKeyFile, StartError } from "@trine/runtime";

/** What a header can carry, and nobody guesses at the rate at which wrong keys are heard. */
const FORM = /^[!-~]{16,}$/;

/** The key that opens the REST API. */
export interface AdminKey {
  readonly secret: Secret;
  /** It was made by this start and nobody has seen it yet. */
  readonly isNew: boolean;
}

/**
 * The key that was set, else the one in the data folder, made at the first start.
 *
 * @throws StartError when the given one is short enough to be guessed or cannot be sent, or the data folder cannot be written.
 */
export function openAdminKey(given: string | undefined, dataFolder: string): AdminKey {
  if (given) {
    if (!FORM.test(given))
      throw new StartError(
        "TRINE_ADMIN_KEY has to be 16 characters or more, without blanks (make one: openssl rand -base64 32)",
      );
    return { secret: new Secret(given, "AdminKey"), isNew: false };
  }
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
