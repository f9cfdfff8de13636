/** A master key that was used with this installation. */
export interface MasterKeyRecord {
  /** As its key service names it. */
  readonly id: string;
  /** The installation's id, wrapped by the key: tells a wrong key, and another installation's, at the start. */
  readonly check: string;
  readonly addedAtMs: number;
  /** Since when nothing needs it. Absent: it is needed. */
  readonly retiredAtMs?: number;
}

/** A key that seals secrets, wrapped by a master key. */
export interface DataKeyRecord {
  readonly id: string;
  /** The id of the master key. */
  readonly wrappedBy: string;
  readonly wrapped: string;
  readonly createdAtMs: number;
}

/**
 * Where a rotation to a new data key is.
 *
 * `announced`: every node learns the key; nobody uses it. `activated`: every node learns to seal with it. `sealing`: what other keys sealed is
 * sealed again. `checking`: everything is read once more, until nothing is found. `done`.
 */
export type KeyRotationPhase = "announced" | "activated" | "sealing" | "checking" | "done";

/** A rotation, with its progress. Times are wall clock. */
export interface KeyRotation {
  readonly dataKey: string;
  readonly phase: KeyRotationPhase;
  readonly startedAtMs: number;
  /** Nodes that have not acknowledged yet. */
  readonly waitingFor: readonly string[];
  /** Since when every node seals with the new key. */
  readonly activatedAtMs?: number;
  /** When the first pass was through. */
  readonly sealedAtMs?: number;
  readonly finishedAtMs?: number;
  /** Secrets that the first pass has to read; an estimate. */
  readonly total: number;
  /** Secrets that the first pass has read. */
  readonly done: number;
  /** Secrets that were sealed again, by all passes. */
  readonly resealed: number;
  /** Of the pass that is under way, or was the last. */
  readonly pass: KeyPass;
}

/** One time through everything that is sealed. */
export interface KeyPass {
  readonly startedAtMs: number;
  /** Which of the places it is at, and after which row there. */
  readonly place: string;
  readonly after?: string;
  /** Secrets that another key had sealed. */
  readonly stale: number;
  /** Secrets that do not open. */
  readonly broken: number;
}

/** All that is kept about keys. */
export interface KeyRecords {
  /** Drawn once, when the first process met the database. */
  readonly installationId: string;
  /** The master key that wraps the data keys. */
  readonly primary: string;
  /** The data key that seals. Absent: the newest master key does, as it did before there were data keys. */
  readonly activeDataKey?: string;
  readonly masterKeys: readonly MasterKeyRecord[];
  readonly dataKeys: readonly DataKeyRecord[];
  /** The last one. */
  readonly rotation?: KeyRotation;
}

/** What the worker on keys has done. */
export interface KeyChange {
  readonly primary?: string;
  readonly activeDataKey?: string;
  readonly rotation?: KeyRotation;
  /** Data keys that were added, or wrapped by another master key. */
  readonly dataKeys?: readonly DataKeyRecord[];
  /** Master keys that nothing needs any more. */
  readonly retired?: { readonly ids: readonly string[]; readonly atMs: number };
}

/**
 * Keeps the data keys, wrapped, and how far a rotation is. Durable, and where the secrets are: a backup has both or neither.
 *
 * Everything is committed when its promise resolves. Every method throws when the store cannot answer.
 */
export interface KeyStore {
  /** `undefined` before the first process has met the database. */
  load(): Promise<KeyRecords | undefined>;
  /** Writes the first records. Of any number of callers exactly one gets true. */
  found(records: KeyRecords): Promise<boolean>;
  /** Adds a master key; one that was retired is as a new one. Does nothing when it is known and not retired. */
  addMasterKey(record: MasterKeyRecord): Promise<void>;
  /**
   * Adds the data key and begins the rotation, unless one is not finished. Takes the work away from whoever holds it. Of any number of callers
   * exactly one gets true.
   */
  beginRotation(dataKey: DataKeyRecord, rotation: KeyRotation): Promise<boolean>;
  /**
   * Takes the work on keys for `leaseMs`; nobody else gets it until then.
   * @returns what there is to work on, or `undefined` when another worker holds it.
   */
  claim(worker: string, leaseMs: number): Promise<KeyRecords | undefined>;
  /** Writes what was done and renews the lease, in one transaction. @returns false when the worker does not hold the work; nothing is written. */
  save(worker: string, leaseMs: number, change: KeyChange): Promise<boolean>;
}
