import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc16, crc64, isCrc64 } from "./checksums.ts";

const CHECK = Buffer.from("123456789");

describe("checksums", () => {
  it("are those of the catalogue of CRCs: ARC and XZ", () => {
    expect(crc16(CHECK).toString(16)).toBe("bb3d");
    expect(crc64(CHECK)).toBe("995dc9bbdf1939fa");
    expect([crc16(Buffer.alloc(0)), crc64(Buffer.alloc(0))]).toEqual([0, "0000000000000000"]);
  });

  it("of pieces go on to that of the whole", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        expect(crc64(other, crc64(one))).toBe(crc64(Buffer.concat([one, other])));
      }),
    );
  });

  it.each([
    ["11051210869376104954", true],
    ["995DC9BBDF1939FA", true],
    ["0x995dc9bbdf1939fa", true],
    ["11051210869376104955", false],
    ["", false],
    ["xyz", false],
  ])("told as %j: right %s", (told, isRight) => {
    expect(isCrc64(told, crc64(CHECK))).toBe(isRight);
  });
});
