import type { CaseFailure, TargetFigures } from "./case-runner.ts";
import type { BatchReport } from "./worker.ts";

/** What a run has shown so far. */
export interface FuzzReport {
  add(report: BatchReport): void;
  readonly cases: number;
  readonly failures: readonly CaseFailure[];
  /** One line. */
  progress(): string;
  /** A row a target, as Markdown. */
  table(): string;
}

/** Opens a report. */
export function createFuzzReport(): FuzzReport {
  const began = performance.now();
  const figures = new Map<string, TargetFigures>();
  const failures: CaseFailure[] = [];
  const heaps: number[] = [];
  let rss = 0;
  let cases = 0;

  return {
    failures,
    get cases() {
      return cases;
    },
    add(report) {
      for (const [name, { cases: more, ms, slowestMs }] of Object.entries(report.figures)) {
        const known = figures.get(name) ?? { cases: 0, ms: 0, slowestMs: 0 };
        figures.set(name, {
          cases: known.cases + more,
          ms: known.ms + ms,
          slowestMs: Math.max(known.slowestMs, slowestMs),
        });
        cases += more;
      }
      failures.push(...report.failures);
      if (report.heapBytes !== undefined) heaps.push(report.heapBytes);
      rss = Math.max(rss, report.rssBytes);
    },
    progress() {
      const seconds = (performance.now() - began) / 1_000;
      return `${thousands(cases)} cases, ${thousands(cases / seconds)}/s, ${failures.length} failed`;
    },
    table() {
      const rows = [...figures]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([name, each]) => row(name, each));
      const heap = heaps.map((bytes) => Math.round(bytes / 2 ** 20));
      return [
        "| Target | Cases | Cases/s of one core | Slowest, ms |",
        "|---|--:|--:|--:|",
        ...rows,
        "",
        `${this.progress()}; heap of a process after a collection ${Math.min(...heap)} to ${Math.max(...heap)} MB, RSS at most ${Math.round(rss / 2 ** 20)} MB`,
      ].join("\n");
    },
  };
}

/** A failed case as it is printed, with what repeats it. */
export function describeFailure({ target, seed, caseNumber, input, message }: CaseFailure): string {
  return `${target}: seed ${seed}, case ${caseNumber}\n  input: ${input}\n  ${message}\n  again: npm run test:fuzz -- --seed ${seed} --case ${caseNumber}`;
}

function row(name: string, { cases, ms, slowestMs }: TargetFigures): string {
  return `| ${name} | ${thousands(cases)} | ${thousands(cases / (ms / 1_000))} | ${slowestMs.toFixed(1)} |`;
}

function thousands(count: number): string {
  return Math.round(count).toLocaleString("en-GB").replaceAll(",", " ");
}
