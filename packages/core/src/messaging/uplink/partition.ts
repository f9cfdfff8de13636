import { UPLINK_PARTITIONS } from "../../ports/uplink-log.ts";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of the uplink log that a device's messages go to, by its `deviceKey` (FNV-1a). It must never change: a device's order
 * holds within one partition only.
 */
export function partitionOf(key: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME);
  return (hash >>> 0) % UPLINK_PARTITIONS;
}
