export type { AccessKeyRecord, AccessKeyStore } from "./access-key-store.ts";
export type { ApiKeyRecord, ApiKeyStore } from "./api-key-store.ts";
export type { AttemptLimiter } from "./attempt-limiter.ts";
export type { AuditEntry, AuditLog } from "./audit-log.ts";
export type { BatchError, BatchLine, BatchRecord, BatchStatus, BatchStore } from "./batch-store.ts";
export type { Clock, Random, Timer } from "./clock.ts";
export type { ControlBus, ControlCommand, ControlHandler, ControlReply, RevocationTarget } from "./control-bus.ts";
export type { CarriedLogin, DeviceCarrier } from "./device-carrier.ts";
export type { Claim, Claimant, DeviceDirectory, DeviceLocation, Sighting } from "./device-directory.ts";
export type {
  AuthType,
  DeviceCredentials,
  DeviceFilter,
  DeviceLookup,
  DeviceRecord,
  DeviceRegistry,
  DeviceSeen,
  DeviceStatus,
  NewDevice,
  NextSecret,
  Page,
  PresenceChange,
  ProductPolicy,
  ProductProfile,
  ProductRecord,
  RegistrationMode,
  TagChange,
  TopicClass,
  TopicPermission,
} from "./device-registry.ts";
export { InvalidCursorError } from "./device-registry.ts";
export type { DeviceServices, Reply, Served } from "./device-services.ts";
export type { Download } from "./download.ts";
export { type KeyService, KeyServiceError } from "./key-service.ts";
export type {
  DataKeyRecord,
  KeyChange,
  KeyPass,
  KeyRecords,
  KeyRotation,
  KeyRotationPhase,
  KeyStore,
  MasterKeyRecord,
} from "./key-store.ts";
export type { Mailbox, MailboxLimits, MailboxMessage, MailboxTaker, MessageState, MessageStatus } from "./mailbox.ts";
export type { OperatorSessionRecord, OperatorSessionStore, SessionEnd } from "./operator-session-store.ts";
export type { HandOverPackage, PackageRecord, PackageStore, PackedDevice } from "./package-store.ts";
export type { LoginDecision, Recorder, RegistrationDecision } from "./recorder.ts";
export type { RegistrationName, RegistrationNames } from "./registration-names.ts";
export type { SealedRow, SealedRows } from "./sealed-rows.ts";
export type { SessionRecord, SessionStore, X509Login } from "./session-store.ts";
export type { Subscription, SubscriptionStore } from "./subscription-store.ts";
export type { Timeline, TimelineEvent, TimelineKind, TimelineNotes } from "./timeline.ts";
export type { GroupInfo, GroupOptions, UplinkItem, UplinkLog, UplinkMessage } from "./uplink-log.ts";
export { UPLINK_PARTITIONS } from "./uplink-log.ts";
export { X509_KEY_TYPES, type X509Authority, type X509Issuer, type X509KeyType } from "./x509-issuer.ts";
export type {
  PresentedX509,
  X509AuthorityRecord,
  X509Ending,
  X509ListKey,
  X509Lookup,
  X509Origin,
  X509OwnAuthority,
  X509Record,
  X509Seen,
  X509Serial,
  X509Standing,
  X509Store,
} from "./x509-store.ts";
