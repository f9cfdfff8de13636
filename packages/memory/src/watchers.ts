// Who looks on may skip what it cannot keep up with.
const MAX_BEHIND = 1_000;

/** Tells those who wait for items or follow them. */
export interface Watchers<T> {
  tell(item: T): void;
  /** Resolves at the next item, after `timeoutMs`, or when the signal aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Items from now on, until the signal aborts. */
  follow(signal: AbortSignal): AsyncIterable<T>;
}

export function createWatchers<T>(): Watchers<T> {
  const listeners = new Set<(item: T) => void>();

  function wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        listeners.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      listeners.add(end);
      signal.addEventListener("abort", end);
    });
  }

  return {
    tell(item) {
      for (const listener of [...listeners]) listener(item);
    },
    wait,
    follow(signal) {
      const behind: T[] = [];
      let wake = () => {};
      const listener = (item: T) => {
        if (behind.length < MAX_BEHIND) behind.push(item);
        wake();
      };
      const stop = () => {
        listeners.delete(listener);
        wake();
      };
      if (!signal.aborted) listeners.add(listener);
      signal.addEventListener("abort", stop, { once: true });

      async function* items(): AsyncGenerator<T> {
        try {
          while (!signal.aborted) {
            const item = behind.shift();
            if (item !== undefined) yield item;
            else
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
          }
        } finally {
          stop();
        }
      }
      return items();
    },
  };
}
