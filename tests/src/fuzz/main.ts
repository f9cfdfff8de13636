import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { repeatCase, runFuzz } from "./run-fuzz.ts";

// npm run test:fuzz -- [--cases 10000000] [--seed S] [--target NAME]: feeds parsers with what nobody should send them.
// npm run test:fuzz -- --seed S --case N: one case again.
// Exit code 1 when anything was not as it must be.
const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000000" },
    seed: { type: "string" },
    case: { type: "string" },
    target: { type: "string" },
    processes: { type: "string", default: String(availableParallelism()) },
  },
});
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);

if (values.case !== undefined) {
  const failure = await repeatCase(seed, Number(values.case));
  console.log(failure ?? `seed ${seed}, case ${values.case}: as it must be`);
  process.exit(failure ? 1 : 0);
}
console.log(`seed ${seed}`);
const report = await runFuzz({
  seed,
  cases: Number(values.cases),
  only: values.target,
  processes: Number(values.processes),
});
console.log(`\n${report.table()}`);
process.exit(report.failures.length === 0 ? 0 : 1);
