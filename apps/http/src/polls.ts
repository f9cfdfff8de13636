/** The long polls that wait on this node. */
export interface Polls {
  /**
   * Counts a poll in. A session waits once: an older poll of it is ended.
   *
   * @param end ends the poll; called at most once.
   * @returns the way out, or `undefined` when as many wait as may.
   */
  begin(sessionId: string, end: () => void): (() => void) | undefined;
  /** Ends all of them. */
  endAll(): void;
}

/** @param most polls that may wait at once. */
export function createPolls(most: number): Polls {
  const waiting = new Map<string, () => void>();
  return {
    begin(sessionId, end) {
      const older = waiting.get(sessionId);
      if (!older && waiting.size >= most) return undefined;
      waiting.set(sessionId, end);
      older?.();
      return () => {
        if (waiting.get(sessionId) === end) waiting.delete(sessionId);
      };
    },
    endAll() {
      for (const end of waiting.values()) end();
      waiting.clear();
    },
  };
}
