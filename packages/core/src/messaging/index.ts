export type { Accepted, Connections, Downlink, Publish, SessionHolder, Uplink } from "./contracts.ts";
export { createInTurn, type InTurn } from "./in-turn.ts";
export { partitionOf } from "./partition.ts";
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
