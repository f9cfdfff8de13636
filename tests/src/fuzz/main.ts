import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runLive } from "./live/run-live.ts";
import { repeatCase, runFuzz } from "./run-fuzz.ts";

// npm run test:fuzz -- [--cases 10000000] [--seed S] [--target NAME]: feeds parsers with what nobody should send them.
// npm run test:fuzz -- --seed S --case N: one case again.
// npm run test:fuzz -- --live [--minutes 30] [--seed S]: attacks a running gateway on every port.
// Exit code 1 when anything was not as it must be.
const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000000" },
    seed: { type: "string" },
    case: { type: "string" },
    target: { type: "string" },
    processes: { type: "string", default: String(availableParallelism()) },
    live: { type: "boolean", default: false },
    minutes: { type: "string", default: "30" },
  },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);

if (values.case !== undefined) {
  const failure = await repeatCase(seed, Number(values.case));
  console.log(failure ?? `seed ${seed}, case ${values.case}: as it must be`);
  process.exit(failure ? 1 : 0);
}
console.log(`seed ${seed}`);
process.exit((await (values.live ? attackLive() : feedParsers())) ? 0 : 1);

/** @returns whether everything was as it must be. */
async function feedParsers(): Promise<boolean> {
  const report = await runFuzz({
    seed,
    cases: Number(values.cases),
    only: values.target,
    processes: Number(values.processes),
  });
  console.log(`\n${report.table()}`);
  return report.failures.length === 0;
}

/** @returns whether everything was as it must be. */
async function attackLive(): Promise<boolean> {
  const { faults, growth, table } = await runLive({ seed, ms: Number(values.minutes) * 60_000, log: console.log });
  console.log(["", table, "", ...faults, ...growth].join("\n"));
  return faults.length + growth.length === 0;
}
