import { expect, it } from "vitest";
import { UPLINK_PARTITIONS } from "../../ports/uplink-log.ts";
import { partitionOf } from "./partition.ts";

// The first two are published test vectors of FNV-1a: 0x811c9dc5 and 0xbf9cf968.
it.each([
  ["", 5],
  ["foobar", 40],
  ["a1b2C3d4E5f/device_01", 56],
  ["a1RIsMLz2BJ/pump-7.B:3@site_1", 9],
])("the partition of %j never changes: logs in the field depend on it", (key, partition) => {
  expect(partitionOf(key)).toBe(partition);
});

it("devices spread over all partitions", () => {
  const counts = new Map<number, number>();
  for (let at = 0; at < 6_400; at += 1) {
    const partition = partitionOf(`a1b2C3d4E5f/device_${at}`);
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  expect(counts.size).toBe(UPLINK_PARTITIONS);
  expect(Math.max(...counts.values())).toBeLessThan(200);
});
