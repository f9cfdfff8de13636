import type { DataKeyRecord, KeyRotationPhase } from "../ports/key-store.ts";
import type { Actor } from "../registry/contracts.ts";
import type { Problem } from "../registry/problem.ts";

/** What operators do with the keys that encrypt secrets at rest. */
export interface Keys {
  /** Makes a new data key and has every stored secret sealed again, in the background. Audited. `keys_rotating` while that is under way. */
  rotate(actor: Actor): Promise<KeyStatus | Problem>;
  status(): Promise<KeyStatus>;
  /**
   * Goes on with what is to be done about keys, one step. Of several processes one works at a time.
   * @returns whether there is more: call again then.
   */
  work(signal: AbortSignal): Promise<boolean>;
}

/** How it stands about keys. Holds ids, never a key. */
export interface KeyStatus {
  readonly installationId: string;
  /** The data key that seals; absent before the first rotation of an installation that is older than data keys. */
  readonly activeDataKey?: string;
  /** `never`: there was no rotation. */
  readonly phase: KeyRotationPhase | "never";
  /** Nodes that have not acknowledged the key yet: the rotation waits for them. */
  readonly waitingFor: readonly string[];
  /** Secrets to read in the first pass; an estimate when there are many. */
  readonly total: number;
  readonly done: number;
  readonly resealed: number;
  /** Secrets that do not open under any key: they were changed, or belong to another row. */
  readonly broken: number;
  /** Secrets a second in the first pass. */
  readonly ratePerSecond: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly masterKeys: readonly MasterKeyStatus[];
  readonly dataKeys: readonly (Pick<DataKeyRecord, "id" | "wrappedBy" | "createdAtMs"> & {
    readonly active: boolean;
  })[];
}

export interface MasterKeyStatus {
  readonly id: string;
  /** `primary`: wraps the data keys. `next`: waits until every node has it. `needed`: opens something still. `unneeded`: its line may go. */
  readonly state: "primary" | "next" | "needed" | "unneeded";
  readonly addedAtMs: number;
  readonly retiredAtMs?: number;
}
