import { randomBytes } from "node:crypto";
import { loadVectors } from "@trine/vectors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveDeviceSecret, drawProductSeed } from "./derived-secret.ts";
import { ALPHANUMERIC } from "./issue.ts";
import { type DeviceRef, parseDeviceRef } from "./names.ts";
import { Secret } from "./secret.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const DEVICE = ref("a1b2C3d4E5f", "device_01");

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
const names = fc.stringMatching(/^[A-Za-z0-9_@.:-]{4,32}$/);
const keys = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/);
const versions = fc.integer({ min: 1, max: 2 ** 31 - 1 });

describe("a derived secret", () => {
  it.each(loadVectors().vectors.filter(({ group }) => group === "derived"))("is that of the vector $id", (vector) => {
    const { seed, productKey, deviceName, secretVersion } = vector.inputs;
    const device = ref(String(productKey), String(deviceName));
    const secret = deriveDeviceSecret(new Secret(String(seed)), device, Number(secretVersion));
    expect(secret.reveal()).toBe(vector.outputs["deviceSecret"]);
  });

  it("is 32 letters and digits, and the same each time", () => {
    fc.assert(
      fc.property(seeds, keys, names, versions, (seed, productKey, deviceName, version) => {
        const [one, two] = [1, 2].map(() => derive(seed, ref(productKey, deviceName), version));
        return one === two && /^[A-Za-z0-9]{32}$/.test(one ?? "");
      }),
    );
  });

  it("is another for another seed, product, name or version", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(seeds, keys, names, versions), { selector: String, maxLength: 8 }), (all) => {
        const secrets = all.map(([seed, productKey, deviceName, version]) =>
          derive(seed, ref(productKey, deviceName), version),
        );
        return new Set(secrets).size === secrets.length;
      }),
      { numRuns: 30 },
    );
  });

  it("has every character equally often", () => {
    const seed = drawProductSeed(random).reveal();
    const counts = new Map<string, number>();
    const drawn = 4_000;
    for (let version = 1; version <= drawn; version += 1)
      for (const character of derive(seed, DEVICE, version)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(ALPHANUMERIC.length);
    const expected = (drawn * 32) / ALPHANUMERIC.length;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 61 degrees of freedom: one run in 10^9 is above. A byte modulo 62 without rejection gives about 390.
    expect(chiSquare).toBeLessThan(150);
  });

  it("does not print itself", () => {
    expect(String(deriveDeviceSecret(drawProductSeed(random), DEVICE, 1))).toBe("[DeviceSecret]");
    expect(JSON.stringify({ seed: drawProductSeed(random) })).toBe('{"seed":"[ProductSeed]"}');
  });
});

function derive(seed: string, device: DeviceRef, version: number): string {
  return deriveDeviceSecret(new Secret(seed), device, version).reveal();
}

function ref(productKey: string, deviceName: string): DeviceRef {
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error("the names are not valid");
  return device;
}
