/** Something that happens again and again until it is stopped. */
export interface Repetition {
  /** Stops, after the run that is under way. */
  stop(): Promise<void>;
}

/**
 * Runs `work` every `everyMs`, never twice at once; a failed run is told to `onFault` and does not end the repetition.
 *
 * @param work may answer true for "again at once".
 */
export function repeat(
  everyMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
  onFault: (error: unknown) => void,
): Repetition {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    let again: unknown = false;
    try {
      again = await work(stopping.signal);
    } catch (error) {
      onFault(error);
    }
    if (!stopping.signal.aborted) schedule(again === true ? 0 : everyMs);
  }

  function schedule(delayMs: number): void {
    timer = setTimeout(() => {
      running = run();
    }, delayMs);
  }

  schedule(everyMs);
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
