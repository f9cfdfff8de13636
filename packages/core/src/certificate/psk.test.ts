import { expect, it } from "vitest";
import { parseDeviceRef } from "./names.ts";
import { formatPskIdentity, parsePskIdentity } from "./psk.ts";

const identity = "devicename|hmacsha256|a1b2C3d4E5f&device_01|2524608000000";

it("an identity is read, and written as it was", () => {
  const parsed = parsePskIdentity(identity);
  expect(parsed).toEqual({ device: parseDeviceRef("a1b2C3d4E5f", "device_01"), timestamp: "2524608000000" });
  expect(parsed && formatPskIdentity(parsed)).toBe(identity);
});

it.each([
  "",
  "device_01",
  "devicename|hmacsha1|a1b2C3d4E5f&device_01|2524608000000",
  "devicename|hmacsha256|a1b2C3d4E5f|2524608000000",
  "devicename|hmacsha256|a1b2C3d4E5f&d/1|2524608000000",
  "devicename|hmacsha256|a1b2C3d4E5f&device_01|",
  "devicename|hmacsha256|a1b2C3d4E5f&device_01|now",
  "devicename|hmacsha256|a1b2C3d4E5f&device_01|252460800000|0",
  `${identity}\n`,
])("%j is no identity", (text) => {
  expect(parsePskIdentity(text)).toBeUndefined();
});
