import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BATCH_CASES, createCaseRunner } from "./case-runner.ts";
import { createFuzzReport, describeFailure, type FuzzReport } from "./fuzz-report.ts";
import { TARGETS } from "./targets.ts";
import type { BatchOrder, BatchReport } from "./worker.ts";

const PROGRESS_MS = 10_000;
/** Batches of a process between two looks at its heap. */
const WEIGH_EVERY = 25;
const MOST_FAILURES = 20;

/**
 * Runs cases from the first one on, in several processes, until as many have run. It stops early after twenty failures.
 *
 * @param only the name of the one target whose cases are run; the numbers of the others are passed over.
 */
export async function runFuzz(run: {
  seed: number;
  cases: number;
  only?: string | undefined;
  processes: number;
}): Promise<FuzzReport> {
  const report = createFuzzReport();
  const ticking = setInterval(() => console.log(report.progress()), PROGRESS_MS);
  let next = 0;
  const isOver = () => report.cases >= run.cases || report.failures.length >= MOST_FAILURES;
  await Promise.all(
    Array.from({ length: run.processes }, async () => {
      const worker = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), { serialization: "json" });
      for (let turn = 0; !isOver(); turn += 1) {
        const batch = next++;
        const order: BatchOrder = { seed: run.seed, batch, only: run.only, weigh: turn % WEIGH_EVERY === 0 };
        const done = await runBatchIn(worker, order);
        for (const failure of done.failures) console.log(`\n${describeFailure(failure)}\n`);
        report.add(done);
      }
      worker.kill();
    }),
  );
  clearInterval(ticking);
  return report;
}

/** Runs one case again, behind those of its batch and target that came before it. @returns the failure, written out. */
export async function repeatCase(seed: number, caseNumber: number): Promise<string | undefined> {
  const runner = createCaseRunner(TARGETS, seed);
  const only = runner.targetOf(caseNumber).name;
  const at = { only, through: caseNumber % BATCH_CASES };
  const { failures } = await runner.runBatch(Math.floor(caseNumber / BATCH_CASES), at);
  const failure = failures.find((each) => each.caseNumber === caseNumber);
  return failure && describeFailure(failure);
}

/** Has a process run a batch. @throws when the process ends over it, which is the worst that input can do. */
function runBatchIn(worker: ChildProcess, order: BatchOrder): Promise<BatchReport> {
  return new Promise((resolve, reject) => {
    const onEnd = (code: number | null, signal: string | null) => {
      const { seed, batch } = order;
      const first = batch * BATCH_CASES;
      reject(
        new Error(
          `the process ended (${signal ?? code}) in cases ${first} to ${first + BATCH_CASES - 1} of seed ${seed}`,
        ),
      );
    };
    worker.once("exit", onEnd);
    worker.once("message", (report: BatchReport) => {
      worker.off("exit", onEnd);
      resolve(report);
    });
    worker.send(order);
  });
}
