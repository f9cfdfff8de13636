// npm test: installs, builds, checks types and style, and runs every test once.
// Ends with the line "N passed, N failed"; a test that was skipped fails the run.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, runPnpm } from "./pnpm.mjs";

const report = join(root, "test-report.json");

/** Runs one check, says how it went, and answers whether it passed. */
function check(name, args) {
  console.log(`\n> ${name}`);
  const { status } = spawnSync(process.execPath, [join(root, "scripts/pnpm.mjs"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) console.error(`${name} failed`);
  return status === 0;
}

/** The true counts of the run, from vitest's own report. */
function counts() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, numTotalTests } =
      JSON.parse(readFileSync(report, "utf8"));
    return {
      passed: numPassedTests,
      failed: numFailedTests,
      skipped: numPendingTests + numTodoTests,
      suites: numFailedTestSuites,
      total: numTotalTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0, suites: 1, total: 0 };
  }
}

runPnpm(["install", "--frozen-lockfile", "--prefer-offline"]);
const checks = [
  check("build", ["exec", "turbo", "run", "build", "--output-logs=errors-only"]),
  check("types", ["run", "typecheck"]),
  check("lint", ["run", "lint"]),
];
rmSync(report, { force: true });
const ran = check("tests", [
  "exec",
  "vitest",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
]);
const { passed, failed, skipped, suites, total } = counts();

if (skipped > 0) console.error(`${skipped} tests were skipped; every test must run`);
if (suites > 0 && failed === 0) console.error(`${suites} test files could not run`);
const sound = checks.every(Boolean) && ran && skipped === 0 && suites === 0 && total > 0;
// A failed check without a failed test still counts as one failure, so that the line is never "0 failed" on a red run.
console.log(`${passed} passed, ${failed > 0 || sound ? failed : 1} failed`);
process.exit(sound ? 0 : 1);
