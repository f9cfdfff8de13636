import type { DeviceRef } from "../certificate/names.ts";
import type { Vault } from "../certificate/vault.ts";
import type { Admission } from "../guard/admission.ts";
import type { CloneWatch } from "../guard/clones/clone-watch.ts";
import type { Guesses } from "../guard/guesses.ts";
import type { Rates } from "../guard/rates.ts";
import type { MessageIds } from "../messaging/message-id.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeviceLookup, DeviceRegistry, DeviceSeen } from "../ports/device-registry.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { TimelineNotes } from "../ports/timeline.ts";
import type { X509Store } from "../ports/x509-store.ts";

/** What operators may set about logins. */
export interface AuthSettings {
  /** Life of a session token (wire-format 4.3, 5.9). */
  readonly sessionTtlMs: number;
  /** Tokens that a device may hold at once; the oldest go first. */
  readonly maxSessionsPerDevice: number;
  /** Failed logins of one peer within the window before it is refused unheard; 0 is no limit. */
  readonly failuresPerPeer: number;
  readonly failureWindowMs: number;
  /** How far behind the highest one a sequence number may come (wire-format 5.6). */
  readonly sequenceWindow: number;
}

/** Defaults that let every SDK in. */
export const DEFAULT_AUTH_SETTINGS: AuthSettings = {
  sessionTtlMs: 7 * 86_400_000,
  maxSessionsPerDevice: 16,
  failuresPerPeer: 0,
  failureWindowMs: 60_000,
  sequenceWindow: 64,
};

/** A rotation that is to end. */
export interface EndingRotation {
  readonly device: DeviceRef;
  readonly iotId: string;
  /** Of the second secret. */
  readonly secretVersion: number;
  readonly graceEndsAtMs: number;
}

/** Ends rotations of secrets, on every node. */
export interface RotationEnder {
  /**
   * Makes the second secret the only one, and voids what was made under older ones. Resolves also when other nodes could not be told:
   * that is recorded, and done again later.
   *
   * @returns whether the second secret is the only one now; false when it was replaced.
   */
  end(rotation: EndingRotation): Promise<boolean>;
}

/** What the authentication of devices stands on. */
export interface AuthDeps {
  readonly lookup: DeviceLookup;
  readonly registry: Pick<DeviceRegistry, "activate">;
  readonly x509: Pick<X509Store, "findStanding" | "noteFirstUse">;
  readonly rotations: RotationEnder;
  readonly sessions: SessionStore;
  readonly guesses: Guesses;
  readonly admission: Admission;
  readonly rates: Rates;
  readonly clones: Pick<CloneWatch, "noteUse">;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly messageIds: MessageIds;
  readonly notes: TimelineNotes;
  readonly presence: { noteSeen(seen: DeviceSeen): void };
  readonly settings: AuthSettings;
}
