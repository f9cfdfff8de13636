import { expect, it } from "vitest";
import { comeAgainMs } from "./come-again.ts";

it("devices that are turned away together come again apart, between two and eight seconds later", () => {
  expect([0, 0.5, 0.999_99].map((drawn) => comeAgainMs(() => drawn))).toEqual([2_000, 5_000, 8_000]);
  expect(new Set(Array.from({ length: 100 }, () => comeAgainMs(Math.random))).size).toBeGreaterThan(50);
});
