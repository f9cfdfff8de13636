import { describe, expect, it } from "vitest";
import { parseProgress } from "./parse-progress.ts";
import { parseRequest } from "./parse-request.ts";

const progress = (params: unknown) => parseProgress(Buffer.from(JSON.stringify({ id: "1", params })));

describe("a progress", () => {
  it.each([
    [{ step: "1" }, { told: { event: "advanced", step: 1 } }],
    [
      { step: "100", desc: "all", module: "mcu" },
      { module: "mcu", detail: "all", told: { event: "advanced", step: 100 } },
    ],
    [{ step: 0 }, { told: { event: "advanced", step: 0 } }],
    [{ step: "-1", desc: "" }, { told: { event: "gave_up", reason: "device" } }],
    [{ step: "-2" }, { told: { event: "gave_up", reason: "download" } }],
    [{ step: -3 }, { told: { event: "gave_up", reason: "verify" } }],
    [
      { step: "-4", desc: "a\u0000b\ud800" },
      { detail: "ab", told: { event: "gave_up", reason: "burn" } },
    ],
    [{ step: "5", desc: 7, module: 8 }, { told: { event: "advanced", step: 5 } }],
  ])("%j is read", (params, read) => {
    expect(progress(params)).toEqual(read);
  });

  it("keeps 256 characters of a description, and no half of one", () => {
    const read = progress({ step: "1", desc: `${"x".repeat(255)}\u{1f600}` });
    expect(read?.detail).toBe("x".repeat(255));
  });

  it.each([
    {},
    { step: "" },
    { step: "101" },
    { step: "-5" },
    { step: "1.5" },
    { step: 1.5 },
    { step: null },
    { step: "1e1" },
    [],
    null,
  ])("%j is none", (params) => {
    expect(progress(params)).toBeUndefined();
  });
});

describe("a request", () => {
  it.each([
    ['{"id":"7","params":{"version":"1.0"}}', { id: '"7"' }],
    ['{"id":7,"params":{"module":"mcu"}}', { id: "7", module: "mcu" }],
    ["{}", { id: '""' }],
    ['{"id":1,"params":{"module":"a b"}}', { id: "1" }],
  ])("%s is read", (text, read) => {
    expect(parseRequest(Buffer.from(text))).toEqual(read);
  });

  it.each(["", "[]", "null", "{"])("%j is none", (text) => {
    expect(parseRequest(Buffer.from(text))).toBeUndefined();
  });
});
