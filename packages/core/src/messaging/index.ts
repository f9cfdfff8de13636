export type { Accepted, Connections, Downlink, Inbox, Publish, SessionHolder, Uplink } from "./contracts.ts";
export { createInTurn, type InTurn } from "./in-turn.ts";
export { createMailboxTakers, type MailboxTakers } from "./mailbox-takers.ts";
export { partitionOf } from "./partition.ts";
export { expireLease, handOut, isOpenTo, type PartitionCursor, settleMessages } from "./partition-cursor.ts";
export { keepReaderMs, MAX_READERS, noteReader, shareOf, type UplinkReaders } from "./partition-share.ts";
export { DEFAULT_TOPIC_CLASSES } from "./topics/default-topic-classes.ts";
export { filterCovers } from "./topics/filter-covers.ts";
export {
  isSystemTopic,
  mayPublish,
  mayReceive,
  maySubscribe,
  sharesOwn,
  type TopicUser,
} from "./topics/topic-policy.ts";
