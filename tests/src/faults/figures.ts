import { add, type Verdict } from "../traffic/judge.ts";

/** Verdicts of many rounds, by fault. */
export interface Figures {
  /** Counts a round in, and prints it. */
  add(fault: string, verdict: Verdict, at: { round: number; rounds: number }): void;
  /** Whether nothing was lost, and nothing else was wrong. */
  isClean(): boolean;
  /** As Markdown. */
  table(): string;
}

const COLUMNS: readonly (readonly [string, (verdict: Verdict) => number])[] = [
  ["acknowledged up", (verdict) => verdict.acknowledged],
  ["lost", (verdict) => verdict.lost.length],
  ["stored twice", (verdict) => verdict.copies],
  ["accepted down", (verdict) => verdict.accepted],
  ["delivered", (verdict) => verdict.delivered],
  ["expired", (verdict) => verdict.expired],
  ["neither", (verdict) => verdict.undelivered.length],
  ["delivered twice", (verdict) => verdict.repeated],
  ["else wrong", (verdict) => verdict.wrong.length],
];

/** Starts with none. */
export function createFigures(): Figures {
  const sums = new Map<string, { verdict: Verdict; rounds: number }>();
  return {
    add(fault, verdict, { round, rounds }) {
      const sum = sums.get(fault);
      sums.set(fault, { verdict: sum ? add(sum.verdict, verdict) : verdict, rounds: (sum?.rounds ?? 0) + 1 });
      console.log(`${fault}, round ${round}/${rounds}: ${describeVerdict(verdict)}`);
    },
    isClean: () =>
      [...sums.values()].every(({ verdict: { lost, undelivered, wrong } }) => [lost, undelivered, wrong].every(isNone)),
    table: () =>
      [
        `| Fault | rounds | ${COLUMNS.map(([title]) => title).join(" | ")} |`,
        `|---|${"---|".repeat(COLUMNS.length + 1)}`,
        ...[...sums].map(
          ([fault, { verdict, rounds }]) =>
            `| ${fault} | ${rounds} | ${COLUMNS.map(([, count]) => count(verdict)).join(" | ")} |`,
        ),
      ].join("\n"),
  };
}

/** The counts in one line, and a line for everything that is wrong. */
export function describeVerdict(verdict: Verdict): string {
  const counts = COLUMNS.map(([title, count]) => `${count(verdict)} ${title}`).join(", ");
  const complaints = [
    ...verdict.lost.map((each) => `lost: ${each}`),
    ...verdict.undelivered.map((each) => `undelivered: ${each}`),
    ...verdict.wrong,
  ];
  return [counts, ...complaints].join("\n  ");
}

function isNone(list: readonly string[]): boolean {
  return list.length === 0;
}
