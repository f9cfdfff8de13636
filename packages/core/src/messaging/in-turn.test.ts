import { expect, it } from "vitest";
import { held } from "../../test/held.ts";
import { createInTurn } from "./in-turn.ts";

const one = "one key";
const other = "other key";

it("works of one key run one after the other, whatever becomes of them", async () => {
  const queue = createInTurn();
  const log: string[] = [];
  const gate = held();
  const first = queue.run(one, async () => {
    await gate.promise;
    log.push("first");
    throw new Error("first failed");
  });
  const second = queue.run(one, async () => void log.push("second"));
  await queue.run(other, async () => void log.push("other"));
  expect(log).toEqual(["other"]);
  gate.release();
  await expect(first).rejects.toThrow("first failed");
  await second;
  expect(log).toEqual(["other", "first", "second"]);
});

it("settled waits for all that was handed over, also for what fails", async () => {
  const queue = createInTurn();
  const gate = held();
  let done = 0;
  const work = async () => {
    await gate.promise;
    done += 1;
    throw new Error("failed");
  };
  const outcomes = [queue.run(one, work), queue.run(one, work), queue.run(other, work)].map((run) =>
    run.catch(() => 0),
  );
  const settled = queue.settled();
  gate.release();
  await settled;
  expect(done).toBe(3);
  await Promise.all(outcomes);
  await queue.settled();
});
