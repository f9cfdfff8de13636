import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceName, ProductKey } from "../certificate/names.ts";
import { findTaken } from "./find-taken.ts";

const PRODUCT = "a1" as ProductKey;

/** Names in order, as the registry gives them out, and how often it was asked. */
function registryOf(names: Iterable<string>) {
  const sorted = [...new Set(names)].sort() as DeviceName[];
  const asked = { pages: 0 };
  return {
    asked,
    async listSealedSecrets(_productKey: ProductKey, { after = "", limit }: { after?: string; limit: number }) {
      asked.pages += 1;
      const from = sorted.findIndex((name) => name > after);
      return from < 0 ? [] : sorted.slice(from, from + limit).map((deviceName) => ({ deviceName, secretVersion: 1 }));
    },
  };
}

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(6, "0")}` as DeviceName);

describe("names that a product has already", () => {
  it("are found, whatever lies between them", async () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."-.09:@AZ_az"), minLength: 4, maxLength: 6 })
      .map((text) => text as DeviceName);
    await fc.assert(
      fc.asyncProperty(
        fc.array(name),
        fc.array(name),
        fc.integer({ min: 0, max: 3_000 }),
        async (there, wanted, more) => {
          const all = [...there, ...numbered("Zz", more)];
          const taken = await findTaken(registryOf(all), PRODUCT, wanted);
          expect(taken).toEqual(new Set(wanted.filter((each) => all.includes(each))));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("take one page of a small product, however many are wanted", async () => {
    const registry = registryOf(["dev1", "dev2", "sensor-000007"]);
    expect(await findTaken(registry, PRODUCT, numbered("sensor-", 100_000))).toEqual(new Set(["sensor-000007"]));
    expect(registry.asked.pages).toBe(1);
  });

  it("pass over the devices of a large product that are not near a wanted name", async () => {
    const registry = registryOf([...numbered("aaaa", 50_000), ...numbered("mmmm", 50_000)]);
    const wanted = ["aaaa000000", "llll000000", "mmmm049999", "zzzz000000"] as DeviceName[];
    expect(await findTaken(registry, PRODUCT, wanted)).toEqual(new Set(["aaaa000000", "mmmm049999"]));
    expect(registry.asked.pages).toBeLessThan(6);
  });

  it("are none of none, without asking", async () => {
    const registry = registryOf(["dev1"]);
    expect(await findTaken(registry, PRODUCT, [])).toEqual(new Set());
    expect(registry.asked.pages).toBe(0);
  });
});
