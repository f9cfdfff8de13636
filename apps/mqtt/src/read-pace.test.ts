import { expect, it } from "vitest";
import { createReadPace } from "./read-pace.ts";

function aPace(bytesPerSecond: number) {
  const clock = { ms: 1_000 };
  const pace = createReadPace({ clock: { nowMs: () => clock.ms, monotonicMs: () => clock.ms }, bytesPerSecond });
  return { clock, pace };
}

it("a connection is read on until it has sent a second's worth, and then when that is made up for", () => {
  const { clock, pace } = aPace(1_000);
  expect(pace.take("one", 1_000)).toBe(0);
  expect(pace.take("one", 500)).toBe(500);
  clock.ms += 500;
  expect(pace.take("one", 100)).toBe(100);
});

it("connections do not slow each other down", () => {
  const { pace } = aPace(1_000);
  pace.take("one", 5_000);
  expect(pace.take("other", 1_000)).toBe(0);
});

it("zero sets no limit", () => {
  const { pace } = aPace(0);
  expect(pace.take("one", 1e9)).toBe(0);
});
