import type { ProductKey } from "@trine/core/certificate";
import type { PartitionCursor, UplinkReaders } from "@trine/core/messaging";
import type { GroupOptions } from "@trine/core/ports";

/** A group: what it is, who reads, and how far it is in each partition. Positions are sequence numbers of the stream. */
export interface GroupState extends GroupOptions {
  readonly name: string;
  /** Absent until the first read; `null`: the group sees every product. */
  readonly productKey?: ProductKey | null;
  readonly readers: UplinkReaders;
  /** Where partitions without a cursor start: behind this position. */
  readonly startPosition: number;
  readonly cursors: ReadonlyMap<number, PartitionCursor>;
}

/** The cursor of a partition. */
export function cursorOf({ cursors, startPosition }: GroupState, partition: number): PartitionCursor {
  return cursors.get(partition) ?? { partition, readTo: startPosition, consumer: null, out: [], again: [] };
}

/** The state with these cursors in place of the old ones. */
export function withCursors(state: GroupState, cursors: readonly PartitionCursor[]): GroupState {
  return { ...state, cursors: new Map([...state.cursors, ...cursors.map((one) => [one.partition, one] as const)]) };
}

/** Numbers in rising order, as the steps between them: a long list of neighbours stays short. */
type Steps = readonly number[];

interface StoredCursor {
  readonly partition: number;
  readonly readTo: number;
  readonly consumer: string | null;
  /** What is out, by deadline. */
  readonly out: readonly (readonly [deadlineMs: number, positions: Steps])[];
  readonly again: Steps;
}

/** Writes a group down. */
export function encodeGroup({ cursors, ...group }: GroupState): string {
  const stored = [...cursors.values()].map(
    ({ out, again, ...cursor }): StoredCursor => ({ ...cursor, out: byDeadline(out), again: toSteps(again) }),
  );
  return JSON.stringify({ ...group, cursors: stored });
}

/** Reads what `encodeGroup` wrote. */
export function decodeGroup(text: string): GroupState {
  const { cursors, ...group } = JSON.parse(text) as Omit<GroupState, "cursors"> & { cursors: readonly StoredCursor[] };
  const read = cursors.map(({ out, again, ...cursor }): [number, PartitionCursor] => [
    cursor.partition,
    {
      ...cursor,
      out: out.flatMap(([deadlineMs, steps]) => fromSteps(steps).map((position) => [position, deadlineMs] as const)),
      again: fromSteps(again),
    },
  ]);
  return { ...group, cursors: new Map(read) };
}

function byDeadline(out: PartitionCursor["out"]): [deadlineMs: number, positions: Steps][] {
  const runs: [deadlineMs: number, positions: number[]][] = [];
  for (const [position, deadlineMs] of out) {
    const last = runs.at(-1);
    if (last?.[0] === deadlineMs) last[1].push(position);
    else runs.push([deadlineMs, [position]]);
  }
  return runs.map(([deadlineMs, positions]) => [deadlineMs, toSteps(positions)]);
}

function toSteps(positions: readonly number[]): Steps {
  return positions.map((position, at) => position - (positions[at - 1] ?? 0));
}

function fromSteps(steps: Steps): number[] {
  let position = 0;
  return steps.map((step) => {
    position += step;
    return position;
  });
}
