/** The long polls that wait on this node. */
export interface Polls {
  /**
   * Counts a poll in. A session waits once: an older poll of it is ended. After `stop` none waits: each is ended as it begins.
   *
   * @param end ends the poll; called at most once.
   * @returns the way out, or `undefined` when as many wait as may.
   */
  begin(sessionId: string, end: () => void): (() => void) | undefined;
  /** Ends all of them, for good. */
  stop(): void;
}

/** @param most polls that may wait at once. */
export function createPolls(most: number): Polls {
  const waiting = new Map<string, () => void>();
  let isStopping = false;
  return {
    begin(sessionId, end) {
      const older = waiting.get(sessionId);
      if (!older && waiting.size >= most) return undefined;
      waiting.set(sessionId, end);
      older?.();
      if (isStopping) end();
      return () => {
        if (waiting.get(sessionId) === end) waiting.delete(sessionId);
      };
    },
    stop() {
      isStopping = true;
      for (const end of waiting.values()) end();
      waiting.clear();
    },
  };
}
