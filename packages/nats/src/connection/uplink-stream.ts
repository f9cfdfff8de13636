import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";

import type { StreamComplaint } from "./nats-handle.ts";

/** The stream of the uplink log. */
export const STREAM = "trine-uplink";

/** Every subject of the stream; the last part is the partition. */
export const SUBJECTS = "trine.uplink.*";

/** The stream of the consumer groups: the newest message of each subject is what a group is. */
export const GROUPS_STREAM = "trine-uplink-groups";
export const GROUPS_SUBJECTS = "trine.uplink-groups.*";

/** How long the server knows the id of a message, so that one that comes again is not appended again. */
const ONCE_MS = 300_000;

/** How long a change of a group is known, so that another one of the same base is told apart: longer than any is under way. */
const GROUP_CHANGE_MS = 60_000;

const NANOSECONDS = 1_000_000;

/** The subject of a partition. */
export function subjectOf(partition: number): string {
  return `trine.uplink.${partition}`;
}

/** The subject of a group. Its name may be anything, a part of a subject may not. */
export function groupSubjectOf(group: string): string {
  return `trine.uplink-groups.${Buffer.from(`group ${group}`).toString("base64url")}`;
}

/**
 * Makes the streams that are not there. One that is there keeps its limits, replicas and placement: they are its owner's.
 *
 * @throws when one is there for other subjects.
 */
export async function openStreams(manager: JetStreamManager, replicas: number): Promise<void> {
  const common = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    num_replicas: replicas,
  };
  await openStream(manager, {
    ...common,
    name: STREAM,
    description: "What devices sent through Trine",
    subjects: [SUBJECTS],
    duplicate_window: ONCE_MS * NANOSECONDS,
  });
  await openStream(manager, {
    ...common,
    name: GROUPS_STREAM,
    description: "Where the consumer groups of Trine are",
    subjects: [GROUPS_SUBJECTS],
    max_msgs_per_subject: 1,
    duplicate_window: GROUP_CHANGE_MS * NANOSECONDS,
  });
}

type StreamToOpen = Partial<StreamConfig> & Pick<StreamConfig, "name" | "subjects">;

async function openStream(manager: JetStreamManager, wanted: StreamToOpen): Promise<void> {
  const config = await findConfig(manager, wanted.name);
  if (!config) await manager.streams.add(wanted);
  else if (!wanted.subjects.every((subject) => config.subjects?.includes(subject))) {
    throw new Error(`the stream ${wanted.name} is there, but not for the subjects ${wanted.subjects.join()}`);
  }
}

/** What is wrong with the stream, if anything. */
export async function checkStream(manager: JetStreamManager): Promise<StreamComplaint[]> {
  const config = await findConfig(manager, STREAM);
  if (!config) {
    return [{ detail: `the stream ${STREAM} is gone: nothing that devices send is taken`, severity: "error" }];
  }
  const wrong: string[] = [];
  if (config.storage !== StorageType.File) wrong.push("is kept in memory: a restart loses it");
  if (config.duplicate_window < ONCE_MS * NANOSECONDS) {
    wrong.push("knows message ids for less than five minutes: a message that comes again may be doubled");
  }
  return wrong.map((what) => ({ detail: `the stream ${STREAM} ${what}`, severity: "warning" }));
}

async function findConfig(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}
