/** Runs the works of one token one after the other, in the order in which they came; of different tokens side by side. */
export type SessionQueue = <T>(token: string, work: () => Promise<T>) => Promise<T>;

/**
 * Makes a queue that forgets a token as soon as nothing of it is left to do.
 *
 * A device may pipeline its requests or use several connections, and the uplink takes a session's messages one at a time.
 */
export function createSessionQueue(): SessionQueue {
  const tails = new Map<string, Promise<unknown>>();
  return async (token, work) => {
    const before = tails.get(token);
    const mine = before ? before.then(work, work) : work();
    tails.set(token, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(token) === mine) tails.delete(token);
    }
  };
}
