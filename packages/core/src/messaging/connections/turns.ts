/** Does so much at once; what comes beyond waits for its turn, first come first served. */
export interface Turns {
  /** @returns what `work` resolves to. @throws what it throws. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** @param most how many are at work at once. */
export function createTurns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let atWork = 0;

  return {
    async take(work) {
      if (atWork < most) atWork += 1;
      else await new Promise<void>((begin) => void waiting.push(begin));
      try {
        return await work();
      } finally {
        // The turn is handed on as it is.
        const next = waiting.shift();
        if (next) next();
        else atWork -= 1;
      }
    },
  };
}
