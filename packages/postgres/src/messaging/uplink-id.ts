import { UPLINK_PARTITIONS } from "@trine/core/ports";

/** Where a message is in the log. */
export interface UplinkPlace {
  readonly partition: number;
  readonly position: number;
}

/** The id that a consumer acknowledges with. */
export function formatUplinkId(partition: number, position: number): string {
  return `${partition}-${position}`;
}

/** Reads an id; `undefined` when the text is none. */
export function parseUplinkId(id: string): UplinkPlace | undefined {
  const [, partition, position] = /^(\d{1,2})-(\d{1,15})$/.exec(id) ?? [];
  if (partition === undefined || position === undefined || Number(partition) >= UPLINK_PARTITIONS) return undefined;
  return { partition: Number(partition), position: Number(position) };
}
