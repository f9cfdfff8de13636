export { aMailboxMessage, ROOMY } from "./a-mailbox-message.ts";
export { aSession, aTokenHash } from "./a-session.ts";
export { addSealedAccessKey, addSealedDevice, addSealedProduct } from "./add-sealed.ts";
export type { Contract, MakeContract } from "./contract.ts";
export { describeAccessKeyStore } from "./describe-access-key-store.ts";
export { describeApiKeyStore } from "./describe-api-key-store.ts";
export { describeAttemptLimiter } from "./describe-attempt-limiter.ts";
export { describeAuditLog } from "./describe-audit-log.ts";
export { describeBatchStore } from "./describe-batch-store.ts";
export { describeControlBus } from "./describe-control-bus.ts";
export { describeDeviceDirectory, describeSharedDeviceDirectory } from "./describe-device-directory.ts";
export { describeDeviceRegistry } from "./describe-device-registry.ts";
export { describeKeyStore } from "./describe-key-store.ts";
export { describeMailbox } from "./describe-mailbox.ts";
export { describeOperatorSessionStore } from "./describe-operator-session-store.ts";
export { describePackageStore } from "./describe-package-store.ts";
export { describeRegistrationNames } from "./describe-registration-names.ts";
export { describeSealedRows } from "./describe-sealed-rows.ts";
export { describeSessionStore } from "./describe-session-store.ts";
export { describeSubscriptionStore } from "./describe-subscription-store.ts";
export { describeTimeline, TIMELINE_EVENTS } from "./describe-timeline.ts";
export { describeUplinkLog } from "./describe-uplink-log.ts";
export { describeX509Store } from "./describe-x509-store.ts";
export {
  aDevice,
  aDeviceRef,
  aMessageId,
  anUplink,
  aProduct,
  aProductKey,
  atOnce,
  byBytes,
  randomName,
  upTo,
} from "./fixtures.ts";
export { aReader, textsOf, type UplinkReader } from "./uplink-reader.ts";
