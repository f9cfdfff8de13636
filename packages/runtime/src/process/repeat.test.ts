import { expect, it } from "vitest";
import { repeat } from "./repeat.ts";

it("never runs twice at once, goes on after a fault, and tells it", async () => {
  const faults: unknown[] = [];
  let running = 0;
  let runs = 0;
  const { promise, resolve } = later();
  const repetition = repeat(
    1,
    async () => {
      running += 1;
      expect(running).toBe(1);
      runs += 1;
      await new Promise((done) => setImmediate(done));
      running -= 1;
      if (runs === 1) throw new Error("first run failed");
      if (runs === 3) resolve();
    },
    (error) => faults.push(error),
  );
  await promise;
  await repetition.stop();
  expect(faults).toEqual([new Error("first run failed")]);
});

it("a run that asks for more is followed at once, and a stop waits for the run that is under way", async () => {
  let runs = 0;
  let isDone = false;
  const { promise, resolve } = later();
  const repetition = repeat(
    1,
    async (signal) => {
      runs += 1;
      if (runs < 3) return true;
      resolve();
      await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
      isDone = true;
      return true;
    },
    () => undefined,
  );
  await promise;
  await repetition.stop();
  expect(isDone).toBe(true);
  expect(runs).toBe(3);
});

function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
