import type { OperatorSessionLife } from "../access/operator-sessions.ts";
import type { Vault } from "../certificate/vault.ts";
import type { GuardSettings } from "../guard/create-guard.ts";
import type { Keychain } from "../keys/keychain.ts";
import type { AccessKeyStore } from "../ports/access-key-store.ts";
import type { ApiKeyStore } from "../ports/api-key-store.ts";
import type { AttemptLimiter } from "../ports/attempt-limiter.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { BatchStore } from "../ports/batch-store.ts";
import type { Clock, Random, Timer } from "../ports/clock.ts";
import type { ControlBus, RevocationTarget } from "../ports/control-bus.ts";
import type { DeviceDirectory } from "../ports/device-directory.ts";
import type { DeviceLookup, DeviceRegistry } from "../ports/device-registry.ts";
import type { DeviceServices } from "../ports/device-services.ts";
import type { KeyStore } from "../ports/key-store.ts";
import type { Mailbox, MailboxLimits } from "../ports/mailbox.ts";
import type { OperatorSessionStore } from "../ports/operator-session-store.ts";
import type { PackageStore } from "../ports/package-store.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { RegistrationNames } from "../ports/registration-names.ts";
import type { SealedRows } from "../ports/sealed-rows.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { SubscriptionStore } from "../ports/subscription-store.ts";
import type { Timeline } from "../ports/timeline.ts";
import type { UplinkLog } from "../ports/uplink-log.ts";
import type { X509Issuer } from "../ports/x509-issuer.ts";
import type { X509Lookup, X509Store } from "../ports/x509-store.ts";
import type { ServiceCore } from "./service-core.ts";

/** Everything outside that the core needs. */
export interface PlatformPorts {
  readonly registry: DeviceRegistry;
  readonly registrationNames: RegistrationNames;
  /** What logins look devices up in; a cache may stand in front of the registry. */
  readonly lookup: DeviceLookup;
  readonly x509: X509Store;
  /** What logins look certificates up in; a cache may stand in front of the store. */
  readonly x509Lookup: X509Lookup;
  readonly x509Issuer: X509Issuer;
  readonly batches: BatchStore;
  readonly packages: PackageStore;
  readonly audit: AuditLog;
  readonly apiKeys: ApiKeyStore;
  readonly accessKeys: AccessKeyStore;
  readonly operatorSessions: OperatorSessionStore;
  readonly timeline: Timeline;
  readonly sessions: SessionStore;
  readonly subscriptions: SubscriptionStore;
  readonly directory: DeviceDirectory;
  readonly limiter: AttemptLimiter;
  readonly mailbox: Mailbox;
  readonly uplinkLog: UplinkLog;
  readonly bus: ControlBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly vault: Vault;
  /** The keys behind the vault. */
  readonly keychain: Keychain;
  readonly keyStore: KeyStore;
  /** Every place where something sealed is stored. */
  readonly sealedRows: readonly SealedRows[];
  /** Whether this node's lease lives and revocations reach it. */
  readonly mayServe: () => boolean;
  /** Whether what this process remembers may be used. Absent: it may. */
  readonly isTrusted?: () => boolean;
  /** Opens what serves devices beyond their messages. Absent: nothing does. */
  readonly openServices?: (core: ServiceCore) => DeviceServices;
  /** What this process can carry. Absent: anything. */
  readonly room?: {
    /** Whether one more connection may be taken on; it is counted then. */
    mayAccept(): boolean;
    /** Whether devices may log in. */
    hasRoom(): boolean;
  };
  /** What remembers anything about devices and must forget it at a revocation. */
  readonly caches: readonly { evict(target: RevocationTarget): void }[];
}

/** Numbers that an operator may change. */
export interface PlatformSettings extends GuardSettings {
  /** Life of a session token; default 7 days (wire-format 4.3, 5.9). */
  readonly sessionTtlMs: number;
  /** Failed logins of one network address within a minute before it is refused unheard; 0 (default): no limit. */
  readonly failuresPerPeer: number;
  /** What may wait for one device; default 1000 messages and 4 MiB. */
  readonly mailboxLimits: MailboxLimits;
  /** The largest payload in either direction; default 256 KiB (wire-format 10). */
  readonly maxPayloadBytes: number;
  /** How long a revocation waits for a node's acknowledgement; default 4.5 s, half a second more than a lease. */
  readonly revocationTimeoutMs: number;
  /** Default: an hour without a request, twelve at the most. */
  readonly operatorSessionLife: OperatorSessionLife;
}

export interface PlatformOptions {
  /** Names this process among the live nodes. */
  readonly nodeId: string;
  /** What differs from the defaults. */
  readonly settings?: Partial<PlatformSettings>;
}
