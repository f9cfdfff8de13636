import type { RandomSource } from "./random-source.ts";

/** A parser or state machine that takes bytes of strangers, and what must be so whatever they are. */
export interface FuzzTarget {
  readonly name: string;
  /** Its share of all cases: the slow ones have a small one. */
  readonly share: number;
  /** Makes it ready for some thousand cases. What one case leaves behind must not change what another shows. */
  open(): OpenTarget | Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Makes the input of one case, and does with it what strangers can. */
  run(random: RandomSource, note: (input: unknown) => void): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** What an invariant says when it does not hold. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvariantError";
  }
}

/** @throws InvariantError unless it is so. */
export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new InvariantError(otherwise);
}

/** A target without state. */
export interface PureTarget<Input> extends FuzzTarget {
  readonly make: (random: RandomSource) => Input;
}

/** Makes a target without state: `make` gives the input, `check` does with it what strangers can and throws when something is wrong. */
export function pureTarget<Input>(target: {
  name: string;
  share: number;
  make: (random: RandomSource) => Input;
  check: (input: Input, random: RandomSource) => void;
}): PureTarget<Input> {
  const { name, share, make, check } = target;
  return {
    name,
    share,
    make,
    open: () => ({
      run(random, note) {
        const input = make(random);
        note(input);
        check(input, random);
      },
    }),
  };
}

/** Expects that `work` returns, or throws an error of the one kind that it documents. */
export function throwsOnly(expected: abstract new (...args: never[]) => Error, work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof expected) return undefined;
    throw error;
  }
}
