import { expect, it } from "vitest";
import { cursorOf, decodeGroup, encodeGroup, type GroupState, withCursors } from "./group-state.ts";

const group: GroupState = {
  name: "billing",
  from: "earliest",
  ackDeadlineMs: 30_000,
  productKey: null,
  readers: [["a", 1]],
  startPosition: 7,
  cursors: new Map(),
};

it("a group is read as it was written", () => {
  const cursor = {
    partition: 9,
    readTo: 1_020,
    consumer: "a",
    out: [
      [1_000, 5],
      [1_003, 5],
      [1_020, 9],
    ] as const,
    again: [1_030, 1_031],
  };
  const changed = withCursors(group, [cursor]);
  expect(decodeGroup(encodeGroup(changed))).toEqual(changed);
  expect(cursorOf(decodeGroup(encodeGroup(changed)), 9)).toEqual(cursor);
});

it("a partition that nobody touched starts where the group starts", () => {
  expect(cursorOf(group, 3)).toEqual({ partition: 3, readTo: 7, consumer: null, out: [], again: [] });
});

it("20 000 messages that are out fit into one value", () => {
  const partitions = Array.from({ length: 64 }, (_, partition) => partition);
  const out = (partition: number) =>
    Array.from({ length: 20_000 / 64 }, (_, i) => [4_000_000_000 + i * 64 + partition, 1_800_000_000_000] as const);
  const cursors = partitions.map((partition) => ({
    partition,
    readTo: 4_000_020_000,
    consumer: "c".repeat(128),
    out: out(partition),
    again: [],
  }));
  expect(encodeGroup(withCursors(group, cursors)).length).toBeLessThan(200_000);
});
