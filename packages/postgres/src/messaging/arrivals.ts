/** How many items a slow follower may be behind before it skips. */
const FOLLOWER_BUFFER = 1_000;

type Listener<Item> = (items: readonly Item[]) => void;

/** Tells the readers of this process what was appended. */
export function createArrivals<Item>() {
  const listeners = new Set<Listener<Item>>();
  return {
    /** To whoever waits or follows now. */
    tell(items: readonly Item[]): void {
      for (const listener of [...listeners]) listener(items);
    },
    /** Resolves when something is told, or after `timeoutMs`, or when the signal aborts. */
    wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
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
    },
    /** Everything that is told from now on; a reader that is far behind skips the oldest. Ends with the signal. */
    follow(signal: AbortSignal): AsyncIterable<Item> {
      return { [Symbol.asyncIterator]: () => follow(listeners, signal) };
    },
  };
}

async function* follow<Item>(listeners: Set<Listener<Item>>, signal: AbortSignal): AsyncGenerator<Item> {
  let buffer: Item[] = [];
  let wake = () => {};
  const listen: Listener<Item> = (items) => {
    buffer = [...buffer, ...items].slice(-FOLLOWER_BUFFER);
    wake();
  };
  const abort = () => wake();
  listeners.add(listen);
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      const item = buffer.shift();
      if (item !== undefined) yield item;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    listeners.delete(listen);
    signal.removeEventListener("abort", abort);
  }
}
