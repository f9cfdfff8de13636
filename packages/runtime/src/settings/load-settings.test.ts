import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { intSetting, optionalTextSetting, portSetting } from "./fields.ts";
import { loadSettings } from "./load-settings.ts";

const schema = z.object({
  PORT: portSetting(1883, "a port"),
  LIMIT: intSetting({ fallback: 5, min: 1, max: 9 }, "a limit"),
  SECRET: optionalTextSetting("a secret"),
});

describe("settings", () => {
  it("have defaults, and an empty text counts as absent", () => {
    expect(loadSettings(schema, { PORT: "", SECRET: "" })).toEqual({ PORT: 1883, LIMIT: 5 });
  });

  it("take a port as a number or off", () => {
    expect(loadSettings(schema, { PORT: "0" }).PORT).toBe(0);
    expect(loadSettings(schema, { PORT: "off" }).PORT).toBe("off");
  });

  it("name every one that is wrong, in one line", () => {
    expect(() => loadSettings(schema, { PORT: "70000", LIMIT: "many" })).toThrow(
      /^settings are not valid: PORT: .*; LIMIT: [^\n]*$/,
    );
  });

  it("are read from a file that NAME_FILE names, without the line end", () => {
    const file = join(mkdtempSync(join(tmpdir(), "trine-settings-")), "secret");
    writeFileSync(file, "s3cret\n");
    expect(loadSettings(schema, { SECRET_FILE: file }).SECRET).toBe("s3cret");
    expect(loadSettings(schema, { SECRET: "direct", SECRET_FILE: file }).SECRET).toBe("direct");
  });

  it("say which file could not be read", () => {
    expect(() => loadSettings(schema, { SECRET_FILE: "/nowhere/secret" })).toThrow(/cannot read SECRET_FILE/);
  });
});
