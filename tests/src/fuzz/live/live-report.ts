import type { Verdict } from "../../traffic/judge.ts";
import type { Holding } from "./process-watch.ts";

/** What has been seen of a live run. */
export interface LiveReport {
  /** An input was thrown; `input` is its number. */
  count(attack: string, input: number): void;
  sample(holdings: readonly Holding[]): void;
  /** Notes what is not as it must be, and tells it at once; what is known already stays as it is. */
  note(faults: readonly string[]): void;
  /** One line. */
  progress(): string;
  /** What was not as it must be; behind it which inputs were the last before the first of that. */
  faults(): readonly string[];
  /** Memory that goes on growing, as sentences; a short run says nothing about it. */
  growth(): readonly string[];
  /** Rows for a document, as Markdown. */
  table(verdict: Verdict, slowestMs: number): string;
}

const ALLOWED_SHARE = 0.1;
const ALLOWED_BYTES = 16 * 2 ** 20;

/** Opens a report. `tell` hears of faults when they are seen: a run that hangs may have no end to tell them at. */
export function createLiveReport(tell: (line: string) => void): LiveReport {
  const began = performance.now();
  const counts = new Map<string, number>();
  const inputs = new Map<string, number>();
  const samples: (readonly Holding[])[] = [];
  const faults = new Set<string>();
  let lastInputs: string | undefined;
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0);

  /** In thirds of the run, the median of each; of the gateway (0) or of a child (1, ...). */
  function medians(at: number): readonly number[] {
    const bytes = samples.flatMap((holdings) => holdings[at]?.rssBytes ?? []);
    const third = Math.floor(bytes.length / 3);
    return [0, 1, 2].map((part) => medianOf(bytes.slice(part * third, part === 2 ? undefined : (part + 1) * third)));
  }

  const processes = () => (samples.at(-1) ?? []).map((_, at) => ({ name: at === 0 ? "gateway" : "DTLS", at }));

  return {
    count(attack, input) {
      counts.set(attack, (counts.get(attack) ?? 0) + 1);
      inputs.set(attack, input);
    },
    sample: (holdings) => void samples.push(holdings),
    note(found) {
      const fresh = found.filter((fault) => !faults.has(fault));
      for (const fault of fresh) faults.add(fault);
      if (faults.size > 0) lastInputs ??= [...inputs].map(([attack, input]) => `${attack} ${input}`).join("; ");
      for (const fault of fresh) tell(`fault: ${fault}`);
    },
    faults: () => (lastInputs === undefined ? [] : [...faults, `seen first after the inputs: ${lastInputs}`]),
    progress() {
      const seconds = (performance.now() - began) / 1_000;
      const held = (samples.at(-1) ?? []).map(({ rssBytes, descriptors }) => `${mib(rssBytes)} MB, ${descriptors} fds`);
      return `${Math.round(seconds)} s: ${total()} inputs, ${Math.round(total() / seconds)}/s; ${held.join("; ")}; ${faults.size} faults`;
    },
    growth() {
      return processes().flatMap(({ name, at }) => {
        const [, middle = 0, last = 0] = medians(at);
        if (last <= middle * (1 + ALLOWED_SHARE) + ALLOWED_BYTES) return [];
        return [`the memory of ${name} grew from ${mib(middle)} to ${mib(last)} MB in the last third`];
      });
    },
    table(verdict, slowestMs) {
      const memory = processes().map(
        ({ name, at }) => `RSS of ${name}, median of each third: ${medians(at).map(mib).join(", ")} MB`,
      );
      return [
        "| Attack | Inputs |",
        "|---|--:|",
        ...[...counts].map(([name, count]) => `| ${name} | ${count} |`),
        "",
        ...memory,
        `bystanders: ${verdict.acknowledged} messages acknowledged, ${verdict.lost.length} lost; ${verdict.accepted} accepted for them, ${verdict.undelivered.length} undelivered; slowest answer ${Math.round(slowestMs)} ms`,
        this.progress(),
      ].join("\n");
    },
  };
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
