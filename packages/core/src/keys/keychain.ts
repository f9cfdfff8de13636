import { KEY_BYTES } from "../certificate/aes-seal.ts";
import { createKeyring, dataKeyId, type Keyring } from "../certificate/keyring.ts";
import { masterKeyId } from "../certificate/master-key.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { KeyService } from "../ports/key-service.ts";
import type { DataKeyRecord, KeyRecords, KeyStore } from "../ports/key-store.ts";
import type { SealedRows } from "../ports/sealed-rows.ts";
import { MasterKeyError } from "./check-master-keys.ts";

/** The keys of this process: a vault that learns new data keys while it is used. */
export interface Keychain extends Keyring {
  readonly installationId: string;
  /** The master key that data keys are to be wrapped by: the first of those that this process was given. */
  readonly primary: string;
  hasMasterKey(id: string): boolean;
  /**
   * Reads the data keys that the store has when this is called, or later, and seals with the one that is chosen there.
   *
   * @throws when the store or a key service cannot answer, or a key does not unwrap.
   */
  reload(): Promise<void>;
  /** Draws a data key, wrapped by a master key that is here. It is not used yet. */
  drawDataKey(masterKey: string): Promise<DataKeyRecord>;
  /** The same data key, wrapped by the primary. */
  rewrap(dataKey: DataKeyRecord): Promise<DataKeyRecord>;
}

/** What a keychain is made of. */
export interface KeychainDeps {
  readonly keyStore: KeyStore;
  readonly sealedRows: readonly SealedRows[];
  /** The master keys that this process was given, newest first, at least one. */
  readonly services: readonly [KeyService, ...KeyService[]];
  /** Those of them that are here in clear: they open what was sealed before there were data keys. */
  readonly masterKeys: readonly Uint8Array[];
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes a keychain over records that were checked; it has no data keys before `reload`. */
export function createKeychain({ installationId, primary: inUse }: KeyRecords, deps: KeychainDeps): Keychain {
  const { keyStore, masterKeys, random, clock } = deps;
  const services = new Map(deps.services.map((service) => [service.id, service]));
  const [first] = deps.services;
  // A process that does not have a newer one yet must be able to read what is sealed directly.
  const inUseFirst = masterKeys.toSorted((a, b) => Number(masterKeyId(b) === inUse) - Number(masterKeyId(a) === inUse));
  const ring = createKeyring(inUseFirst, random);
  let loading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function service(id: string): KeyService {
    const found = services.get(id);
    if (!found) throw new MasterKeyError(`the master key ${id} is needed, and is not here`);
    return found;
  }

  async function unwrap({ id, wrappedBy, wrapped }: DataKeyRecord): Promise<Buffer> {
    const key = await service(wrappedBy).unwrap(wrapped);
    if (key?.length !== KEY_BYTES || dataKeyId(key) !== id)
      throw new MasterKeyError(
        `the data key ${id} does not open with the master key ${wrappedBy}: its row was changed`,
      );
    return key;
  }

  async function wrap(key: Buffer, wrappedBy: string): Promise<Omit<DataKeyRecord, "createdAtMs">> {
    return { id: dataKeyId(key), wrappedBy, wrapped: await service(wrappedBy).wrap(key) };
  }

  async function load(): Promise<void> {
    const records = await keyStore.load();
    for (const each of records?.dataKeys ?? []) if (!ring.hasDataKey(each.id)) ring.addDataKey(await unwrap(each));
    if (records?.activeDataKey !== undefined) ring.sealWith(records.activeDataKey);
  }

  /** One load at a time; whoever comes while one is under way shares the one after it. */
  async function loadAfter(running: Promise<void>): Promise<void> {
    await running.catch(() => {});
    next = undefined;
    await startLoad();
  }

  function startLoad(): Promise<void> {
    loading = load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  return {
    ...ring,
    installationId,
    primary: first.id,
    hasMasterKey: (id) => services.has(id),
    reload() {
      if (!loading) return startLoad();
      next ??= loadAfter(loading);
      return next;
    },
    async drawDataKey(masterKey) {
      return { ...(await wrap(random.bytes(KEY_BYTES), masterKey)), createdAtMs: clock.nowMs() };
    },
    async rewrap(dataKey) {
      return { ...(await wrap(await unwrap(dataKey), first.id)), createdAtMs: dataKey.createdAtMs };
    },
  };
}
