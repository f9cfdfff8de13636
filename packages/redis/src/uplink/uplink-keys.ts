import { UPLINK_PARTITIONS } from "@trine/core/ports";

/** Groups by name: what they are, as JSON. */
export const GROUPS_KEY = "trine:uplink:groups";

/** Who reads in a group, by when it read last. In the slot of the groups. */
export function readersKey(group: string): string {
  return `{${GROUPS_KEY}}:readers:${group}`;
}

/** Every partition, in order. */
export const PARTITIONS: readonly number[] = Array.from({ length: UPLINK_PARTITIONS }, (_, partition) => partition);

/** The stream of a partition. Everything of a partition lies in one slot. */
export function streamKey(partition: number): string {
  return `trine:uplink:{${partition}}`;
}

/** Stands for a few minutes when a message that may come again was appended. */
export function onceKey(partition: number, messageId: string): string {
  return `${streamKey(partition)}:once:${messageId}`;
}

/** How many messages were ever trimmed from a partition: with it, a message's number is its place since the log was made. */
export function droppedKey(partition: number): string {
  return `${streamKey(partition)}:dropped`;
}

/**
 * Where a group is in a partition.
 *
 * A hash: `cursor`, the id read last; `read`, its number; `resume`, the number handed out last under the present lease; `consumer`, who
 * holds the lease; and for each unacknowledged id when it was handed out.
 */
export function stateKey(partition: number, groupId: string): string {
  return `${streamKey(partition)}:group:${groupId}`;
}

/** The ids that a group has not acknowledged in a partition, by their number. Those up to `resume` are out. */
export function unackedKey(partition: number, groupId: string): string {
  return `${stateKey(partition, groupId)}:unacked`;
}
