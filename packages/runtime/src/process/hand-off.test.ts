import { describe, expect, it } from "vitest";
import { handOff } from "./hand-off.ts";

async function timesOf(count: number, overMs: number): Promise<number[]> {
  const begun = performance.now();
  const times: number[] = [];
  const order: number[] = [];
  const all = Array.from({ length: count }, (_, number) => number);
  await handOff(all, overMs, (number) => {
    order.push(number);
    times.push(performance.now() - begun);
  });
  expect(order).toEqual(all);
  return times;
}

describe("a hand-off", () => {
  it("closes each one once, in order, at no moment much more than its share", async () => {
    const times = await timesOf(1_000, 1_000);
    const before = (ms: number) => times.filter((time) => time < ms).length;
    // A step is a tenth here; a busy machine makes some of them late, never early.
    expect(before(150)).toBeLessThanOrEqual(300);
    expect(before(450)).toBeLessThanOrEqual(650);
    expect(times.at(-1)).toBeGreaterThan(700);
  });

  it("of a few is over early, and of none at once", async () => {
    expect((await timesOf(3, 60_000)).at(-1)).toBeLessThan(1_000);
    expect(await timesOf(0, 60_000)).toEqual([]);
  });

  it("without a time closes all in one go", async () => {
    expect((await timesOf(10_000, 0)).at(-1)).toBeLessThan(1_000);
  });
});
