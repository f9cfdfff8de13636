import { drawText } from "../certificate/issue.ts";
import { createKeyring } from "../certificate/keyring.ts";
import type { KeyService } from "../ports/key-service.ts";
import type { KeyRecords, MasterKeyRecord } from "../ports/key-store.ts";
import { checkMasterKeys, MasterKeyError } from "./check-master-keys.ts";
import { createKeychain, type Keychain, type KeychainDeps } from "./keychain.ts";

/** Secrets of each place that are tried before the master keys are believed that a database is met with first. */
const TRIED = 1_000;

/**
 * Opens the keys of the installation, and writes its first records when there are none: with a data key if nothing is sealed yet, and
 * without one if processes without data keys may still be at work (docs/decisions/0020).
 *
 * @throws MasterKeyError when the master keys are not those of the database; KeyServiceError; VaultError.
 */
export async function openKeychain(deps: KeychainDeps): Promise<Keychain> {
  const records = (await deps.keyStore.load()) ?? (await foundInstallation(deps));
  await checkMasterKeys(records, deps.services);
  await noteFirst(records, deps);
  const keychain = createKeychain(records, deps);
  await keychain.reload();
  return keychain;
}

/** A master key that comes first and was not in use has its check value written; it wraps data keys once every process has it. */
async function noteFirst({ masterKeys, installationId }: KeyRecords, { services, keyStore, clock }: KeychainDeps) {
  const [first] = services;
  const known = masterKeys.find(({ id }) => id === first.id);
  if (known && known.retiredAtMs === undefined) return;
  // The times tell which one is newer, whatever the clocks of the machines say.
  const addedAtMs = Math.max(clock.nowMs(), ...masterKeys.map((key) => key.addedAtMs + 1));
  await keyStore.addMasterKey(await masterKeyRecord(first, installationId, addedAtMs));
}

async function foundInstallation(deps: KeychainDeps): Promise<KeyRecords> {
  const { keyStore, services, random, clock } = deps;
  const installationId = drawText(random, 20, "abcdefghijkmnpqrstuvwxyz23456789");
  const nowMs = clock.nowMs();
  // In the order of age, so that the first line is the newest.
  const masterKeys = await Promise.all(
    services.map((service, age) => masterKeyRecord(service, installationId, nowMs - age)),
  );
  const bare: KeyRecords = { installationId, primary: services[0].id, masterKeys, dataKeys: [] };
  const records = (await isAnythingSealed(deps)) ? bare : await withDataKey(bare, deps);
  if (await keyStore.found(records)) return records;
  const others = await keyStore.load();
  if (!others) throw new Error("another process wrote the records of keys, and they are not there");
  return others;
}

async function withDataKey(records: KeyRecords, deps: KeychainDeps): Promise<KeyRecords> {
  const dataKey = await createKeychain(records, deps).drawDataKey(records.primary);
  return { ...records, activeDataKey: dataKey.id, dataKeys: [dataKey] };
}

/** Whether there are secrets. @throws MasterKeyError when some do not open, so that no check value is made for wrong keys. */
async function isAnythingSealed({ sealedRows, masterKeys, random }: KeychainDeps): Promise<boolean> {
  const ring = createKeyring(masterKeys, random);
  const pages = await Promise.all(sealedRows.map((place) => place.list({ limit: TRIED })));
  const sealed = pages.flatMap(({ rows }) => rows);
  const foreign = sealed.filter((row) => !ring.knows(row.sealed));
  if (foreign.length > 0 && foreign.length === sealed.length)
    throw new MasterKeyError("the master key is wrong: nothing in this database was encrypted with it");
  if (foreign.length > 0)
    throw new MasterKeyError(
      `an old master key is missing: of the first ${sealed.length} secrets ${foreign.length} were encrypted with a key that is not here`,
    );
  return sealed.length > 0;
}

async function masterKeyRecord(
  service: KeyService,
  installationId: string,
  addedAtMs: number,
): Promise<MasterKeyRecord> {
  return { id: service.id, check: await service.wrap(Buffer.from(installationId, "utf8")), addedAtMs };
}
