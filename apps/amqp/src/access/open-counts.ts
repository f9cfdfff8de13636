/** Counts what is open, by key, each up to a limit. Of this process. */
export interface OpenCounts {
  /** @returns what gives the place back, once; nothing when there is none. */
  take(key: string): (() => void) | undefined;
}

/** @param most for each key; 0: no limit. */
export function createOpenCounts(most: number): OpenCounts {
  const counts = new Map<string, number>();
  return {
    take(key) {
      const count = counts.get(key) ?? 0;
      if (most > 0 && count >= most) return undefined;
      counts.set(key, count + 1);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}
