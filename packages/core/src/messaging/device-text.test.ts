import { expect, it } from "vitest";
import { deviceText } from "./device-text.ts";

it("the NULs at the end of a text do not belong to it; those within do", () => {
  expect(deviceText(Buffer.from('{"a":1}'))).toBe('{"a":1}');
  expect(deviceText(Buffer.from('{"a":1}\0'))).toBe('{"a":1}');
  expect(deviceText(Buffer.from("\0a\0b\0\0\0"))).toBe("\0a\0b");
  expect(deviceText(Buffer.from("\0\0"))).toBe("");
  expect(deviceText(Buffer.alloc(0))).toBe("");
});
