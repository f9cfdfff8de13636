/** Things to undo, newest first. */
export interface Undo {
  add(step: () => Promise<unknown>): void;
  /** Runs every step, also when one before it failed. @throws the first failure, after all have run. */
  run(): Promise<void>;
}

/** Collects what a start has opened, so that a stop or a failed start closes it in reverse order. */
export function createUndo(): Undo {
  const steps: (() => Promise<unknown>)[] = [];
  return {
    add(step) {
      steps.push(step);
    },
    async run() {
      const failures: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop())
        await step().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}
