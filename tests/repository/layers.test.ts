import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT } from "../src/repository.ts";

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { from: string; to: string; rule: { name: string } }[];
  };
}

describe("the layers", () => {
  it("hold, and no module is part of a circle", async () => {
    const { summary } = await cruise();
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
    // A wrong path would cruise nothing, and find nothing.
    expect(summary.totalCruised).toBeGreaterThan(300);
  }, 120_000);
});

/** Runs dependency-cruiser with the rules of the repository, as `npm run lint` does. */
async function cruise(): Promise<Cruise> {
  const program = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [program, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "packages", "apps"];
  const run = promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 268_435_456 });
  // The exit code is the number of violations; the report says which.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Cruise;
}
