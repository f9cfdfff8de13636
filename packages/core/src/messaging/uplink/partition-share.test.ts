import { describe, expect, it } from "vitest";
import { UPLINK_PARTITIONS } from "../../ports/uplink-log.ts";
import { keepReaderMs, MAX_READERS, noteReader, shareOf, type UplinkReaders } from "./partition-share.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `consumer-${i}`);
const sharesOf = (consumers: readonly string[]) => consumers.map((consumer) => shareOf(consumers, consumer));

describe("shares of the partitions", () => {
  it.each([1, 2, 3, 5, 7, 10, 33, 63, 64, 70])(
    "of %d consumers differ by one at most, and are all there is",
    (count) => {
      const shares = sharesOf(names(count));
      const sizes = shares.map(({ size }) => size);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(new Set(shares.flatMap((share) => [...share])).size).toBe(UPLINK_PARTITIONS);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(UPLINK_PARTITIONS);
    },
  );

  it("do not depend on the order of the consumers, or on one that is named twice", () => {
    expect(shareOf(["b", "a", "c", "a"], "b")).toEqual(shareOf(["a", "b", "c"], "b"));
  });

  it("mostly stay when somebody comes", () => {
    const [before, after] = [sharesOf(names(4)), sharesOf(names(5))];
    const kept = before.map((share, i) => [...share].filter((partition) => after[i]?.has(partition)).length);
    expect(kept.reduce((sum, count) => sum + count)).toBeGreaterThan(UPLINK_PARTITIONS / 2);
  });

  it("of somebody who does not read are empty", () => {
    expect(shareOf(["a"], "b").size).toBe(0);
  });
});

describe("the readers of a group", () => {
  const at = (consumer: string, nowMs: number) => ({ consumer, nowMs, deadlineMs: 800 });

  it("stay the same list while a read is noted recently enough, so that nothing is written", () => {
    const readers = noteReader([], at("a", 0));
    expect(readers).toEqual([["a", 0]]);
    expect(noteReader(readers, at("a", 99))).toBe(readers);
    expect(noteReader(readers, at("a", 100))).toEqual([["a", 100]]);
  });

  it("are a bounded number: those that were noted last", () => {
    let readers: UplinkReaders = [];
    for (let i = 0; i < 2 * MAX_READERS; i += 1) readers = noteReader(readers, at(`${i}`, 1));
    expect(readers).toHaveLength(MAX_READERS);
    expect(readers.at(-1)).toEqual([`${2 * MAX_READERS - 1}`, 1]);
  });

  it("are forgotten when they have not read for the deadline", () => {
    const readers = noteReader(noteReader([], at("a", 0)), at("b", 50));
    expect(noteReader(readers, at("b", 800)).map(([name]) => name)).toContain("a");
    expect(noteReader(readers, at("b", keepReaderMs(800)))).toEqual([["b", keepReaderMs(800)]]);
  });
});
