import { isDataFault } from "./sql-fault.ts";

interface GroupCommitOptions<Item, Result> {
  /** Writes the items in order, at once, all or none. @returns one result for each. */
  readonly flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Most items of one flush; default 1000. */
  readonly maxItems?: number;
  /** Weight of an item, such as its bytes, and the most of one flush (a single item may weigh more). */
  readonly weigh?: (item: Item) => number;
  readonly maxWeight?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers writes of many callers, so that one slow commit serves all of them.
 *
 * While one flush runs, later callers queue; then one flush takes all of them, within bounds, in the order of the calls. An idle
 * writer flushes in the same turn of the event loop. A flush that fails rejects its own callers and nobody else; when the values of
 * one caller are at fault, only that caller is rejected.
 */
export function createGroupCommit<Item, Result>(
  options: GroupCommitOptions<Item, Result>,
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  let running = false;

  const run = async () => {
    while (queue.length > 0) {
      const group = queue.slice(0, groupSize(queue, options));
      queue = queue.slice(group.length);
      await settle(group, options.flush);
      // The callers that this flush kept waiting come in now, and share the next one.
      if (queue.length > 0) await nextTurn();
    }
    running = false;
  };

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (running) return;
      running = true;
      // Everything that the network brought in this turn of the event loop is read before the flush begins.
      setImmediate(() => void run());
    });
}

function groupSize<Item, Result>(
  queue: readonly Waiting<Item, Result>[],
  { maxItems = 1_000, weigh, maxWeight = Number.POSITIVE_INFINITY }: GroupCommitOptions<Item, Result>,
): number {
  if (!weigh) return Math.min(queue.length, maxItems);
  let weight = 0;
  for (const [index, { item }] of queue.entries()) {
    weight += weigh(item);
    if (index > 0 && (index >= maxItems || weight > maxWeight)) return index;
  }
  return queue.length;
}

async function settle<Item, Result>(
  group: readonly Waiting<Item, Result>[],
  flush: GroupCommitOptions<Item, Result>["flush"],
): Promise<void> {
  try {
    const results = await flush(group.map(({ item }) => item));
    // One result for each item, so the index is within.
    for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
  } catch (error) {
    // Nothing was written. One device's odd value must not cost the others their messages.
    if (group.length > 1 && isDataFault(error)) for (const one of group) await settle([one], flush);
    else for (const { reject } of group) reject(error);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
