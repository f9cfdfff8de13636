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

/** How long the server knows the id of a message, so that one that comes again is not appended again. */
const ONCE_MS = 300_000;

const NANOSECONDS = 1_000_000;

/** The subject of a partition. */
export function subjectOf(partition: number): string {
  return `trine.uplink.${partition}`;
}

/**
 * Makes the stream if it is not there. One that is there keeps its limits, replicas and placement: they are its owner's.
 *
 * @throws when it is there for other subjects.
 */
export async function openStream(manager: JetStreamManager, replicas: number): Promise<void> {
  const config = await findConfig(manager);
  if (!config) {
    await manager.streams.add({
      name: STREAM,
      description: "What devices sent through Trine",
      subjects: [SUBJECTS],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      num_replicas: replicas,
      duplicate_window: ONCE_MS * NANOSECONDS,
    });
  } else if (!config.subjects?.includes(SUBJECTS)) {
    throw new Error(`the stream ${STREAM} is there, but not for the subjects ${SUBJECTS}`);
  }
}

/** What is wrong with the stream, if anything. */
export async function checkStream(manager: JetStreamManager): Promise<StreamComplaint[]> {
  const config = await findConfig(manager);
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

async function findConfig(manager: JetStreamManager): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(STREAM)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}
