import { describe, expect, it } from "vitest";
import { parseRange } from "./parse-range.ts";

describe("parseRange of 10 bytes", () => {
  it.each([
    ["bytes=0-", { start: 0, end: 10 }],
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=3-5", { start: 3, end: 6 }],
    ["bytes=3-99", { start: 3, end: 10 }],
    [" bytes=9- ", { start: 9, end: 10 }],
    ["bytes=-1", { start: 9, end: 10 }],
    ["bytes=-99", { start: 0, end: 10 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=10-20", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-3", undefined],
    ["bytes=0-1,4-5", undefined],
    ["bytes=", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["items=0-1", undefined],
    ["bytes=99999999999999999999-", undefined],
    [undefined, undefined],
  ])("reads %j as %j", (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it("finds nothing in an empty file", () => {
    expect([parseRange("bytes=0-", 0), parseRange("bytes=-1", 0)]).toEqual(["unsatisfiable", "unsatisfiable"]);
  });
});
