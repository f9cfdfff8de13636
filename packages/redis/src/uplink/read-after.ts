import type { RedisHandle } from "../connection/redis-handle.ts";
import { PARTITIONS, streamKey } from "./uplink-keys.ts";

/** One entry of a stream: its id, its fields. */
export type StreamEntry = [id: Buffer, fields: Buffer[]];

/**
 * Reads all partitions behind the given ids (one for each, in order), at most `count` entries of each, without waiting.
 *
 * One command on one server; on a Cluster one for each partition, since they lie in different slots.
 *
 * @returns the partitions that have something.
 */
export async function readAfter(
  { commands, isCluster }: RedisHandle,
  ids: readonly string[],
  count: number,
): Promise<[partition: number, entries: StreamEntry[]][]> {
  const groups = isCluster ? PARTITIONS.map((partition) => [partition]) : [PARTITIONS];
  const replies = await Promise.all(
    groups.map((partitions) => {
      const after = partitions.map((partition) => ids[partition] ?? "0-0");
      return commands.xreadBuffer("COUNT", count, "STREAMS", ...partitions.map(streamKey), ...after);
    }),
  );
  const streams = replies.flatMap((reply) => (reply ?? []) as [Buffer, StreamEntry[]][]);
  const partitionByKey = new Map(PARTITIONS.map((partition) => [streamKey(partition), partition]));
  return streams.map(([key, entries]) => [partitionByKey.get(key.toString()) ?? 0, entries]);
}

/** The newest ids of partitions; `0-0` for an empty one. */
export function newestIds({ commands }: RedisHandle, partitions: readonly number[] = PARTITIONS): Promise<string[]> {
  return Promise.all(
    partitions.map(async (partition) => {
      const [newest] = await commands.xrevrange(streamKey(partition), "+", "-", "COUNT", 1);
      return newest?.[0] ?? "0-0";
    }),
  );
}
