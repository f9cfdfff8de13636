import { describe, expect, it } from "vitest";
import { checkLines } from "./check-lines.ts";

describe("lines of a batch", () => {
  it("that are right go through as they are, with or without a name", () => {
    const lines = [
      { line: 1, deviceName: "lamp" },
      { line: 2 },
      { line: 3, deviceName: "Lamp", nickname: "n", tags: { a: "b" } },
    ];
    expect(checkLines(lines)).toEqual({ good: lines, errors: [] });
  });

  it("that are wrong are told by line, name and code", () => {
    const names = ["lamp", "abc", "x".repeat(33), "läm p", "", "lamp", "lamp"];
    const { good, errors } = checkLines(names.map((deviceName, at) => ({ line: at + 2, deviceName })));
    expect(good).toEqual([{ line: 2, deviceName: "lamp" }]);
    expect(errors.map(({ line, deviceName, code }) => [line, deviceName, code])).toEqual([
      [3, "abc", "name_invalid"],
      [4, "x".repeat(33), "name_invalid"],
      [5, "läm p", "name_invalid"],
      [6, "", "name_invalid"],
      [7, "lamp", "name_repeated"],
      [8, "lamp", "name_repeated"],
    ]);
    expect(errors.at(-1)?.message).toContain("line 2");
  });

  it("are quoted in part when they are long", () => {
    expect(checkLines([{ line: 1, deviceName: "x".repeat(100_000) }]).errors[0]?.deviceName).toHaveLength(64);
  });

  it("may be 100 000, and any name that an object has", () => {
    const lines = Array.from({ length: 100_000 }, (_, at) => ({ line: at + 1, deviceName: `device_${at}` }));
    expect(checkLines(lines).good).toHaveLength(100_000);
    expect(
      checkLines([
        { line: 1, deviceName: "constructor" },
        { line: 2, deviceName: "toString" },
      ]).errors,
    ).toEqual([]);
  });
});
