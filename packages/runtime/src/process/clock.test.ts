import { expect, it } from "vitest";
import { createSystemRandom } from "./clock.ts";

it("drawn bytes never repeat, over many refills and sizes, and are never left at zero", () => {
  const random = createSystemRandom();
  const seen = new Set<string>();
  for (const count of [8, 16, 24, 32, 1_000, 4_096, 5_000]) {
    for (let draw = 0; draw < 300; draw += 1) {
      const bytes = random.bytes(count);
      expect(bytes).toHaveLength(count);
      expect(bytes.some((byte) => byte !== 0)).toBe(true);
      seen.add(bytes.toString("hex"));
    }
  }
  expect(seen.size).toBe(7 * 300);
});

it("what is drawn later does not change what was drawn before", () => {
  const random = createSystemRandom();
  const first = random.bytes(24);
  const copy = Buffer.from(first);
  for (let draw = 0; draw < 1_000; draw += 1) random.bytes(24);
  expect(first.equals(copy)).toBe(true);
});
