import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDataFolder, readOrMakeKeyFile } from "./data-folder.ts";

function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "trine-data-"));
}

describe("the data folder", () => {
  it("is refused to a second holder, with the setting that changes it", async () => {
    const path = freshFolder();
    const first = await openDataFolder(path);
    await expect(openDataFolder(path)).rejects.toThrow(/another process uses the data folder .*TRINE_DATA_DIR/);
    await first.release();
    await (await openDataFolder(path)).release();
  });

  it("is free again after its holder was killed", async () => {
    const path = freshFolder();
    const code = `require("node:net").createServer().listen(${JSON.stringify(join(path, "lock.sock"))}, () => console.log("held"))`;
    const holder = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    await expect(openDataFolder(path)).rejects.toThrow("another process");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await (await openDataFolder(path)).release();
  });

  it("is refused when it cannot be a folder", async () => {
    const file = join(freshFolder(), "file");
    writeFileSync(file, "");
    await expect(openDataFolder(join(file, "below"))).rejects.toThrow(
      /cannot write to the data folder .*TRINE_DATA_DIR/,
    );
  });
});

describe("a key file", () => {
  it("is made once, readable by its owner only, and found again", () => {
    const file = join(freshFolder(), "key");
    const first = readOrMakeKeyFile(file, "base64");
    const second = readOrMakeKeyFile(file, "base64");
    expect(first.made).toBe(true);
    expect(second).toEqual({ text: first.text, made: false });
    expect(Buffer.from(first.text, "base64")).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
