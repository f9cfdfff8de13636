/** Runs the work of one session one after the other, of different sessions side by side. */
export type SessionQueue = <T>(sessionId: string, work: () => Promise<T>) => Promise<T>;

/** Makes a queue that forgets a session as soon as nothing of it is left to do. */
export function createSessionQueue(): SessionQueue {
  const tails = new Map<string, Promise<unknown>>();
  return async (sessionId, work) => {
    const before = tails.get(sessionId);
    const mine = before ? before.then(work, work) : work();
    tails.set(sessionId, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(sessionId) === mine) tails.delete(sessionId);
    }
  };
}
