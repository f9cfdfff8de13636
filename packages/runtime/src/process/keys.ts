import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMasterKeys, VaultError } from "@trine/core/certificate";
import { createLocalKeyService, type Keychain, MasterKeyError, openKeychain } from "@trine/core/keys";
import { type Clock, type KeyService, KeyServiceError, type Random } from "@trine/core/ports";
import { createTransitKeyService } from "../keys/transit-key-service.ts";
import type { RuntimeSettings } from "../settings/runtime-settings.ts";
import type { Stores } from "../stores/stores.ts";
import { readOrMakeKeyFile } from "./data-folder.ts";
import { StartError } from "./start-error.ts";

/** The master keys that this process was given, newest first, before they are compared with the database. */
export interface GivenKeys {
  readonly services: readonly [KeyService, ...KeyService[]];
  /** Those that are here in clear. */
  readonly masterKeys: readonly Buffer[];
}

/**
 * Reads the master keys of `TRINE_MASTER_KEY` or its file; without either, of `master-key` in the data folder, made at the first start. A key
 * service comes before them.
 *
 * @throws StartError when a key cannot be read or is none, or one is required and not set.
 */
export function readMasterKeys(
  settings: RuntimeSettings,
  { dataFolder, random }: { dataFolder: string | undefined; random: Random },
): GivenKeys {
  // Whoever starts a program from here, or looks into its environment, does not get it.
  delete process.env["TRINE_MASTER_KEY"];
  const transit = transitService(settings);
  const masterKeys = clearKeys(settings, { dataFolder, isOptional: transit !== undefined });
  const [first, ...more] = [
    ...(transit ? [transit] : []),
    ...masterKeys.map((key) => createLocalKeyService(key, random)),
  ];
  if (!first)
    throw new StartError(
      "TRINE_MASTER_KEY_FILE is required with DATABASE_URL (make one: openssl rand -base64 32), or TRINE_MASTER_KEY, or TRINE_KEY_SERVICE_URL",
    );
  return { services: [first, ...more], masterKeys };
}

/**
 * Opens the keys of the installation with the master keys that were given.
 *
 * @throws StartError when they are not those of the database, or the key service does not open them: one line that says which it takes.
 */
export async function openKeys(
  given: GivenKeys,
  deps: { stores: Pick<Stores, "keyStore" | "sealedRows">; clock: Clock; random: Random },
): Promise<Keychain> {
  const { stores, clock, random } = deps;
  try {
    return await openKeychain({ ...given, keyStore: stores.keyStore, sealedRows: stores.sealedRows, clock, random });
  } catch (error) {
    if (error instanceof MasterKeyError || error instanceof KeyServiceError || error instanceof VaultError)
      throw new StartError(`${error.message} (TRINE_MASTER_KEY_FILE, TRINE_KEY_SERVICE_URL; docs/operations.md, Keys)`);
    throw error;
  }
}

function clearKeys(
  { TRINE_MASTER_KEY: text, TRINE_MASTER_KEY_FILE: file }: RuntimeSettings,
  { dataFolder, isOptional }: { dataFolder: string | undefined; isOptional: boolean },
): readonly Buffer[] {
  if (text && file) throw new StartError("set either TRINE_MASTER_KEY or TRINE_MASTER_KEY_FILE");
  const made = dataFolder === undefined ? undefined : join(dataFolder, "master-key");
  if (!text && !file && (isOptional || made === undefined)) return [];
  try {
    if (text) return parseMasterKeys(text.reveal());
    if (file) return parseMasterKeys(readFileSync(file, "utf8"));
    return parseMasterKeys(readOrMakeKeyFile(made ?? "", "base64").text);
  } catch (error) {
    const where = text ? "TRINE_MASTER_KEY" : `${file ?? made} (TRINE_MASTER_KEY_FILE)`;
    throw new StartError(`cannot use the master key of ${where}: ${(error as Error).message}`);
  }
}

function transitService(settings: RuntimeSettings): KeyService | undefined {
  const {
    TRINE_KEY_SERVICE_URL: url,
    TRINE_KEY_SERVICE_KEY: keyName,
    TRINE_KEY_SERVICE_TOKEN_FILE: tokenFile,
    TRINE_KEY_SERVICE_CA_FILE: caFile,
    TRINE_KEY_SERVICE_NAMESPACE: namespace,
  } = settings;
  if (!url) return undefined;
  if (!tokenFile) throw new StartError("TRINE_KEY_SERVICE_TOKEN_FILE is required with TRINE_KEY_SERVICE_URL");
  try {
    return createTransitKeyService({
      url,
      keyName,
      tokenFile,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
      ...(namespace === undefined ? {} : { namespace }),
    });
  } catch (error) {
    throw new StartError(`cannot use the key service: ${(error as Error).message}`);
  }
}
