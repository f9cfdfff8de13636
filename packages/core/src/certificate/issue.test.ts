import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { drawDeviceName, drawDeviceSecret, drawIotId, drawProductKey, drawProductSecret, drawText } from "./issue.ts";

const random = { bytes: (count: number) => randomBytes(count) };

it("what is issued has the shape that the SDKs have room for", () => {
  for (let i = 0; i < 200; i += 1) {
    expect(drawProductKey(random)).toMatch(/^a1[A-Za-z0-9]{9}$/);
    expect(drawProductSecret(random).reveal()).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(drawDeviceSecret(random).reveal()).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(drawIotId(random)).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(drawDeviceName(random)).toMatch(/^[a-z2-9]{16}$/);
  }
});

it("a drawn secret does not print itself", () => {
  const secret = drawDeviceSecret(random);
  expect(`${secret} ${JSON.stringify({ secret })}`).not.toContain(secret.reveal());
});

it("each character is as likely as the others", () => {
  // Every byte once: a plain remainder would favour the first letters of an alphabet that does not divide 256.
  const everyByte = { bytes: () => Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) };
  const text = drawText(everyByte, 250, "0123456789");
  const counts = [..."0123456789"].map((digit) => text.split(digit).length - 1);
  expect(new Set(counts)).toEqual(new Set([25]));
});

it("bytes that would favour a character are drawn again", () => {
  const draws = [Buffer.of(250, 255, 7), Buffer.of(251, 8, 249)];
  const scripted = { bytes: () => draws.shift() ?? Buffer.of(0, 0, 0) };
  expect(drawText(scripted, 3, "0123456789")).toBe("789");
});
