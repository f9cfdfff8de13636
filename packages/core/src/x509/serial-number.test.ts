import { expect, it } from "vitest";
import { drawSerialNumber, parseFingerprint, parseSerialNumber } from "./serial-number.ts";

it.each([
  ["0A", "0a"],
  ["a", "0a"],
  ["00:FF:01", "ff01"],
  ["0000", "00"],
  ["7f".repeat(21), "7f".repeat(21)],
])("the serial number %j is %j", (text, serialNumber) => {
  expect(parseSerialNumber(text)).toBe(serialNumber);
});

it.each(["", "0x1", "12 34", "g", "1".repeat(43)])("%j is no serial number", (text) => {
  expect(parseSerialNumber(text)).toBeUndefined();
});

it("a fingerprint is 32 bytes in hex, with colons or without", () => {
  expect(parseFingerprint(`${"AB:".repeat(31)}cd`)).toBe(`${"ab".repeat(31)}cd`);
  expect(parseFingerprint("ab".repeat(20))).toBeUndefined();
});

it.each([0x00, 0xff])("a drawn serial number is positive and 16 bytes long, whatever is drawn (%d)", (byte) => {
  const first = Number.parseInt(drawSerialNumber({ bytes: (count) => Buffer.alloc(count, byte) }).slice(0, 2), 16);
  expect(first).toBeGreaterThanOrEqual(0x40);
  expect(first).toBeLessThan(0x80);
});
