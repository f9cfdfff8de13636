import type { KeyService } from "../ports/key-service.ts";
import type { KeyRecords, MasterKeyRecord } from "../ports/key-store.ts";

/** Master keys that cannot be used with this database; the message is one line that says which one it takes. */
export class MasterKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MasterKeyError";
  }
}

/**
 * Compares the master keys that a process was given with those that the secrets in the database need.
 *
 * @param given newest first.
 * @throws MasterKeyError when one is wrong, another installation's, or missing; KeyServiceError when a service cannot say.
 */
export async function checkMasterKeys(records: KeyRecords, given: readonly KeyService[]): Promise<void> {
  const ids = new Set(given.map(({ id }) => id));
  const needed = neededMasterKeys(records);
  const missing = needed.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  if (!records.masterKeys.some(({ id }) => ids.has(id))) throw new MasterKeyError(wrong([...ids], missing));
  for (const service of given) {
    const record = records.masterKeys.find(({ id }) => id === service.id);
    if (record) await checkOne(record, service, records);
  }
  if (missing.length === 0) return;
  throw new MasterKeyError(missing.length === needed.length ? retired(missing) : old(missing));
}

/** Those without which something does not open: not retired, and not newer than the one that is in use. */
export function neededMasterKeys({ masterKeys, primary }: KeyRecords): readonly MasterKeyRecord[] {
  const inUse = masterKeys.find(({ id }) => id === primary);
  return masterKeys.filter(
    ({ id, retiredAtMs, addedAtMs }) =>
      id === primary || (retiredAtMs === undefined && addedAtMs <= (inUse?.addedAtMs ?? Number.POSITIVE_INFINITY)),
  );
}

async function checkOne({ id, check }: MasterKeyRecord, service: KeyService, { installationId }: KeyRecords) {
  const opened = await service.unwrap(check);
  if (opened?.toString("utf8") === installationId) return;
  throw new MasterKeyError(
    opened
      ? `the master key ${id} is of another installation: its check value in this database names ${opened.toString("utf8")}, and this is ${installationId}; was a part of another database restored into this one?`
      : `the key service's ${id} is another key than the one that this installation used under that name, or the check value in the database was changed`,
  );
}

function wrong(given: readonly string[], needed: readonly string[]): string {
  return `the master key is wrong: ${list(given)} was never used with this database, whose secrets need ${list(needed)}; is it another installation's?`;
}

function retired(missing: readonly string[]): string {
  return `the master key is an old one that was retired: secrets need ${list(missing)} now`;
}

function old(missing: readonly string[]): string {
  return `an old master key is missing: ${list(missing)} is still needed; put it back after the first, until "trine keys status" says that nothing needs it`;
}

function list(ids: readonly string[]): string {
  return ids.length > 0 ? ids.join(", ") : "none";
}
