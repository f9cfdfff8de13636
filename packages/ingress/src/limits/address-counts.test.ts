import { expect, it } from "vitest";
import { createAddressCounts } from "./address-counts.ts";

it("an address has as many as it may, and one more when one has gone", () => {
  const counts = createAddressCounts(2);
  const first = counts.take("192.0.2.1");
  expect(counts.take("192.0.2.1")).toBeDefined();
  expect(counts.take("192.0.2.1")).toBeUndefined();
  first?.();
  expect(counts.take("192.0.2.1")).toBeDefined();
  expect(counts.take("192.0.2.1")).toBeUndefined();
});

it("an address does not use up what is another's", () => {
  const counts = createAddressCounts(1);
  counts.take("192.0.2.1");
  expect(counts.take("192.0.2.2")).toBeDefined();
});

it("zero sets no limit", () => {
  const counts = createAddressCounts(0);
  expect(Array.from({ length: 1_000 }, () => counts.take("192.0.2.1"))).not.toContain(undefined);
});
