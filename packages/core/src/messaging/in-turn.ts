/** Runs the works of one key one after the other, in the order in which they came; of different keys side by side. */
export interface InTurn {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when everything that was handed over so far has ended, well or badly. */
  settled(): Promise<void>;
}

/** Makes a queue per key, such as a device or a session; it forgets a key as soon as nothing of it is left to do. */
export function createInTurn(): InTurn {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run(key, work) {
      const before = tails.get(key);
      const mine = before ? before.then(work, work) : work();
      tails.set(key, mine);
      try {
        return await mine;
      } finally {
        if (tails.get(key) === mine) tails.delete(key);
      }
    },
    async settled() {
      await Promise.allSettled(tails.values());
    },
  };
}
