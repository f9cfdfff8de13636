import { describeInput } from "./describe-input.ts";
import type { FuzzTarget, OpenTarget } from "./fuzz-target.ts";
import { watchPrototypes } from "./prototypes.ts";
import { RandomSource } from "./random-source.ts";

/** Cases that share what a target was opened with. */
export const BATCH_CASES = 5_000;

/** A case that takes longer, and does so again, is a way to keep the gateway busy. */
const SLOW_MS = 250;
const SLOW_TRIES = 3;

/** A case in which something was not as it must be. */
export interface CaseFailure {
  readonly target: string;
  readonly seed: number;
  readonly caseNumber: number;
  readonly input: string;
  readonly message: string;
}

/** What the cases of one target took. */
export interface TargetFigures {
  cases: number;
  ms: number;
  slowestMs: number;
}

export interface BatchResult {
  readonly figures: Readonly<Record<string, TargetFigures>>;
  readonly failures: readonly CaseFailure[];
}

/** Runs cases by their numbers: the same seed and number are the same case, in whichever process. */
export interface CaseRunner {
  /** Runs the cases of one batch, or up to `through` of them only. `only`: of this target. */
  runBatch(batch: number, options?: { only?: string | undefined; through?: number }): Promise<BatchResult>;
  /** The target of a case. */
  targetOf(caseNumber: number): FuzzTarget;
}

/** Makes a runner. Which target a case is for follows from its number and the shares of the targets. */
export function createCaseRunner(targets: readonly FuzzTarget[], seed: number): CaseRunner {
  const schedule = scheduleOf(targets);
  const random = new RandomSource();
  const targetOf = (caseNumber: number): FuzzTarget => {
    const target = schedule[caseNumber % schedule.length];
    if (!target) throw new Error("there is no target");
    return target;
  };

  async function runCase(target: FuzzTarget, opened: OpenTarget, caseNumber: number): Promise<Outcome> {
    const outcome = await attempt(opened, caseNumber);
    for (let again = 1; outcome.ms > SLOW_MS && again < SLOW_TRIES; again += 1) {
      outcome.ms = Math.min(outcome.ms, (await attempt(opened, caseNumber)).ms);
    }
    if (outcome.ms > SLOW_MS) outcome.error ??= new Error(`took ${Math.round(outcome.ms)} ms, ${SLOW_TRIES} times`);
    return { ...outcome, name: target.name };
  }

  async function attempt(opened: OpenTarget, caseNumber: number): Promise<Omit<Outcome, "name">> {
    const outcome: Omit<Outcome, "name"> = { input: undefined, ms: 0, error: undefined };
    random.reseed(seed, caseNumber);
    const began = performance.now();
    try {
      const running = opened.run(random, (input) => {
        outcome.input = input;
      });
      if (running) await running;
    } catch (error) {
      outcome.error = error;
    }
    outcome.ms = performance.now() - began;
    return outcome;
  }

  return {
    targetOf,
    async runBatch(batch, { only, through = BATCH_CASES - 1 } = {}) {
      const figures: Record<string, TargetFigures> = {};
      const failures: CaseFailure[] = [];
      const open = new Map<FuzzTarget, OpenTarget>();
      const prototypes = watchPrototypes();
      let last: Outcome | undefined;
      const fail = ({ name, input, error }: Outcome, caseNumber: number) =>
        failures.push({ target: name, seed, caseNumber, input: describeInput(input), message: messageOf(error) });
      for (let at = 0; at <= through; at += 1) {
        const caseNumber = batch * BATCH_CASES + at;
        const target = targetOf(caseNumber);
        if (only !== undefined && target.name !== only) continue;
        const opened = open.get(target) ?? (await target.open());
        open.set(target, opened);
        const outcome = await runCase(target, opened, caseNumber);
        count(figures, outcome);
        if (outcome.error !== undefined) fail(outcome, caseNumber);
        last = outcome;
      }
      for (const opened of open.values()) await opened.close?.();
      const spoiled = prototypes.spoiled();
      if (spoiled && last)
        fail({ ...last, error: new Error(`by the end of the batch: ${spoiled}`) }, batch * BATCH_CASES + through);
      return { figures, failures };
    },
  };
}

interface Outcome {
  readonly name: string;
  input: unknown;
  ms: number;
  error: unknown;
}

/** Spreads the targets over a short list by their shares, each evenly. */
function scheduleOf(targets: readonly FuzzTarget[]): readonly FuzzTarget[] {
  return targets
    .flatMap((target) =>
      Array.from({ length: target.share }, (_, at) => ({ target, place: (at + 0.5) / target.share })),
    )
    .sort((one, other) => one.place - other.place)
    .map(({ target }) => target);
}

function count(figures: Record<string, TargetFigures>, { name, ms }: Outcome): void {
  figures[name] ??= { cases: 0, ms: 0, slowestMs: 0 };
  const known = figures[name];
  known.cases += 1;
  known.ms += ms;
  known.slowestMs = Math.max(known.slowestMs, ms);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
