import { expect, it } from "vitest";
import { createTurns } from "./turns.ts";

/** Work that ends when it is told to. */
function aWork() {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<void>((done, fail) => {
    end = (error) => (error ? fail(error) : done());
  });
  return { ended, end };
}

const settle = () => new Promise((done) => setImmediate(done));

it("no more is at work than may be, and what waits begins in its order", async () => {
  const turns = createTurns(2);
  const works = [1, 2, 3, 4].map(aWork);
  const begun: number[] = [];
  for (const [index, { ended }] of works.entries())
    void turns.take(() => {
      begun.push(index);
      return ended;
    });
  await settle();
  expect(begun).toEqual([0, 1]);
  works[1]?.end();
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  works[0]?.end();
  works[2]?.end();
  await settle();
  expect(begun).toEqual([0, 1, 2, 3]);
});

it("who waited gets what its work gave, and a failure is its own", async () => {
  const turns = createTurns(1);
  const first = aWork();
  const failed = turns.take(() => first.ended);
  const second = turns.take(async () => "second");
  first.end(new Error("no"));
  await expect(failed).rejects.toThrow("no");
  expect(await second).toBe("second");
});

it("a place that is free again is taken by what comes later", async () => {
  const turns = createTurns(1);
  expect(await turns.take(async () => 1)).toBe(1);
  expect(await turns.take(async () => 2)).toBe(2);
});
