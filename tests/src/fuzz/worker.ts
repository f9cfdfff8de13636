import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type BatchResult, createCaseRunner } from "./case-runner.ts";
import { TARGETS } from "./targets.ts";

/** What the main process asks for. */
export interface BatchOrder {
  readonly seed: number;
  readonly batch: number;
  readonly only: string | undefined;
  /** Says what the heap holds, after a collection. */
  readonly weigh: boolean;
}

/** What it gets. */
export interface BatchReport extends BatchResult {
  readonly batch: number;
  readonly heapBytes: number | undefined;
  readonly rssBytes: number;
}

// One of the processes of `npm run test:fuzz`: runs batches as they are given to it.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

process.on("message", ({ seed, batch, only, weigh }: BatchOrder) => {
  void createCaseRunner(TARGETS, seed)
    .runBatch(batch, { only })
    .then((result) => {
      if (weigh) collect();
      const { heapUsed, rss } = process.memoryUsage();
      const report: BatchReport = { ...result, batch, heapBytes: weigh ? heapUsed : undefined, rssBytes: rss };
      process.send?.(report);
    });
});
