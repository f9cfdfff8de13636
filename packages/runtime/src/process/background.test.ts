import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepSnapshot } from "./background.ts";

it("the newest three snapshots are kept", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trine-snapshots-"));
  const write = async (file: string) => writeFileSync(file, "a snapshot");
  const day = Date.UTC(2026, 0, 1);
  const files: string[] = [];
  for (let hour = 0; hour < 5; hour += 1) files.push(await keepSnapshot(folder, write, day + hour * 3_600_000));
  expect(
    readdirSync(join(folder, "snapshots"))
      .map((name) => join(folder, "snapshots", name))
      .sort(),
  ).toEqual(files.slice(2));
});
