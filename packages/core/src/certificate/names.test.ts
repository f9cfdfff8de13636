import fc from "fast-check";
import { expect, it } from "vitest";
import { deviceKey, parseDeviceKey, parseDeviceName, parseDeviceRef, parseProductKey } from "./names.ts";

const ALPHANUMERIC = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"];
const productKeys = fc.string({ unit: fc.constantFrom(...ALPHANUMERIC), minLength: 1, maxLength: 20 });
const deviceNames = fc.string({ unit: fc.constantFrom(...ALPHANUMERIC, ..."-_@.:"), minLength: 4, maxLength: 32 });

it("every name of the alphabet and length is read as it is", () => {
  fc.assert(fc.property(productKeys, (text) => parseProductKey(text) === text));
  fc.assert(fc.property(deviceNames, (text) => parseDeviceName(text) === text));
});

it("a single foreign character spoils a name", () => {
  const foreign = fc.string({ minLength: 1, maxLength: 1 }).filter((text) => !/[A-Za-z0-9_@.:-]/.test(text));
  fc.assert(
    fc.property(deviceNames, foreign, fc.nat(), (name, bad, at) => {
      const cut = at % name.length;
      const spoiled = name.slice(0, cut) + bad + name.slice(cut + 1);
      return parseDeviceName(spoiled) === undefined && parseProductKey(spoiled) === undefined;
    }),
  );
});

it.each(["", "abc", "a".repeat(33), "dev\n", "device\n", "dev/ice", "dev&ice", "dév1ce", "a b c d"])(
  "%j is no deviceName",
  (text) => {
    expect(parseDeviceName(text)).toBeUndefined();
  },
);

it.each(["", "a".repeat(21), "a1-b2", "a1b2C3d4E5f\n", "../a1b2"])("%j is no productKey", (text) => {
  expect(parseProductKey(text)).toBeUndefined();
});

it("names are case-sensitive", () => {
  expect(parseDeviceName("Pump")).not.toBe(parseDeviceName("pump"));
});

it("no two devices share a key, and a key is read back as its device", () => {
  fc.assert(
    fc.property(productKeys, deviceNames, (productKey, deviceName) => {
      const device = parseDeviceRef(productKey, deviceName);
      expect(device && parseDeviceKey(deviceKey(device))).toEqual({ productKey, deviceName });
    }),
  );
});

it.each(["a1b2C3d4E5f", "/device_01", "a1b2C3d4E5f/", "a1b2C3d4E5f/dev/ice"])("%j is no key of a device", (text) => {
  expect(parseDeviceKey(text)).toBeUndefined();
});
