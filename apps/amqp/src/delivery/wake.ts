/** A wait that can be cut short. */
export interface Wake {
  /** Ends the wait that is under way; without one, the next. */
  now(): void;
  /** Waits until it is woken, `ms` milliseconds at most; `Infinity`: as long as it takes. */
  within(ms: number): Promise<void>;
  /** For somebody else's wait: aborts when it is woken. */
  signal(): AbortSignal;
}

/** Longest time that a timer can be set to. */
const MOST_MS = 2_147_483_647;

export function createWake(): Wake {
  let bell = new AbortController();

  /** The bell that rings next; one that has rung is used up by whoever waits. */
  function fresh(): AbortSignal {
    const { signal } = bell;
    if (signal.aborted) bell = new AbortController();
    return signal;
  }

  return {
    now: () => bell.abort(),
    signal: fresh,
    within(ms) {
      const signal = fresh();
      if (signal.aborted || ms <= 0) return Promise.resolve();
      return new Promise((done) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          done();
        };
        const timer = setTimeout(end, Math.min(ms, MOST_MS));
        signal.addEventListener("abort", end);
      });
    },
  };
}
