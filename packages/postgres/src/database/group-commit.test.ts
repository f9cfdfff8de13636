import { describe, expect, it } from "vitest";
import { createGroupCommit } from "./group-commit.ts";

/** A group commit whose flushes the test ends one by one. */
function aGroupCommit(options: { maxItems?: number; weigh?: (item: number) => number; maxWeight?: number } = {}) {
  const flushes: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const arrived = new Map<number, () => void>();
  const commit = createGroupCommit<number, string>({
    ...options,
    flush: (items) =>
      new Promise((resolve, reject) => {
        flushes.push({ items, end: (error) => (error ? reject(error) : resolve(items.map((item) => `${item} done`))) });
        arrived.get(flushes.length)?.();
      }),
  });
  const flush = async (number: number) => {
    if (flushes.length < number) await new Promise<void>((resolve) => arrived.set(number, resolve));
    const found = flushes[number - 1];
    if (!found) throw new Error("the flush began");
    return found;
  };
  return { commit, flush, flushes };
}

describe("group commit", () => {
  it("takes all callers of one turn of the event loop in one flush, and answers each", async () => {
    const { commit, flush, flushes } = aGroupCommit();
    const answers = [1, 2, 3].map(commit);
    (await flush(1)).end();
    expect(await Promise.all(answers)).toEqual(["1 done", "2 done", "3 done"]);
    expect(flushes).toHaveLength(1);
  });

  it("runs one flush at a time and gathers later callers, in order, for the next", async () => {
    const { commit, flush, flushes } = aGroupCommit();
    const first = commit(1);
    const running = await flush(1);
    const later = [2, 3, 4].map(commit);
    expect(flushes).toHaveLength(1);
    running.end();
    await first;
    const next = await flush(2);
    expect(next.items).toEqual([2, 3, 4]);
    next.end();
    await Promise.all(later);
  });

  it("rejects the callers of a flush that failed, and nobody else", async () => {
    const { commit, flush } = aGroupCommit();
    const first = Promise.allSettled([commit(1), commit(2)]);
    const running = await flush(1);
    const later = commit(3);
    running.end(new Error("connection lost"));
    expect((await first).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    (await flush(2)).end();
    expect(await later).toBe("3 done");
  });

  it("rejects only the caller whose value is at fault", async () => {
    const flushed: number[][] = [];
    const commit = createGroupCommit<number, number>({
      async flush(items) {
        if (items.includes(2)) throw new Error("query", { cause: Object.assign(new Error("bad"), { code: "22P05" }) });
        flushed.push([...items]);
        return items;
      },
    });
    const answers = await Promise.allSettled([1, 2, 3].map(commit));
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(flushed).toEqual([[1], [3]]);
  });

  it("keeps a flush within its bounds of count and weight, but takes a single item of any weight", async () => {
    for (const [options, items, groups] of [
      [{ maxItems: 2 }, [1, 2, 3], [[1, 2], [3]]],
      [{ weigh: (item: number) => item, maxWeight: 10 }, [5, 5, 1, 99, 1], [[5, 5], [1], [99], [1]]],
      [{ weigh: () => 0, maxItems: 2 }, [1, 2, 3], [[1, 2], [3]]],
    ] as const) {
      const { commit, flush } = aGroupCommit(options);
      const answers = items.map(commit);
      for (const [index, group] of groups.entries()) {
        const running = await flush(index + 1);
        expect(running.items).toEqual(group);
        running.end();
      }
      await Promise.all(answers);
    }
  });
});
