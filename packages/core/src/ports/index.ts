export type { ApiKeyRecord, ApiKeyStore } from "./api-key-store.ts";
export type { AttemptLimiter } from "./attempt-limiter.ts";
export type { AuditEntry, AuditLog } from "./audit-log.ts";
export type { BatchError, BatchLine, BatchRecord, BatchStatus, BatchStore } from "./batch-store.ts";
export type { Clock, Random, Timer } from "./clock.ts";
export type { ControlBus, ControlCommand, ControlHandler, ControlReply, RevocationTarget } from "./control-bus.ts";
export type { DeviceDirectory, DeviceLocation } from "./device-directory.ts";
export type {
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
  TopicClass,
  TopicPermission,
} from "./device-registry.ts";
export { InvalidCursorError } from "./device-registry.ts";
export type { Mailbox, MailboxLimits, MailboxMessage, MailboxTaker, MessageState, MessageStatus } from "./mailbox.ts";
export type { OperatorSessionRecord, OperatorSessionStore, SessionEnd } from "./operator-session-store.ts";
export type { LoginDecision, Recorder } from "./recorder.ts";
export type { SessionRecord, SessionStore } from "./session-store.ts";
export type { Subscription, SubscriptionStore } from "./subscription-store.ts";
export type { Timeline, TimelineEvent, TimelineKind, TimelineNotes } from "./timeline.ts";
export type { GroupInfo, GroupOptions, UplinkItem, UplinkLog, UplinkMessage } from "./uplink-log.ts";
export { UPLINK_PARTITIONS } from "./uplink-log.ts";
