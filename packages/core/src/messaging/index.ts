export type { Accepted, Connections, Downlink, Inbox, Publish, SessionHolder, Uplink } from "./contracts.ts";
export { deviceText } from "./device-text.ts";
export { createMailboxTakers, type MailboxTakers } from "./downlink/mailbox-takers.ts";
export { createInTurn, type InTurn } from "./in-turn.ts";
export { findUnstorable } from "./storable-text.ts";
export { DEFAULT_TOPIC_CLASSES } from "./topics/default-topic-classes.ts";
export { filterCovers } from "./topics/filter-covers.ts";
export { namedDevice } from "./topics/named-device.ts";
export {
  isSystemTopic,
  mayPublish,
  mayReceive,
  maySubscribe,
  sharesOwn,
  type TopicUser,
} from "./topics/topic-policy.ts";
export { partitionOf } from "./uplink/partition.ts";
export { expireLease, handOut, isOpenTo, type PartitionCursor, settleMessages } from "./uplink/partition-cursor.ts";
export { keepReaderMs, MAX_READERS, noteReader, shareOf, type UplinkReaders } from "./uplink/partition-share.ts";
