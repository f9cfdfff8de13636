import type { Recorder } from "@trine/core/ports";

/** Work that nobody waits for but a stop. */
export interface PendingWork {
  /** Notes work that has begun. Resolves with it, also when it failed: a fault is recorded under `where`. */
  track(where: string, work: Promise<unknown>): Promise<void>;
  /** Resolves when nothing is under way any more, what began meanwhile included. */
  settled(): Promise<void>;
}

export function createPendingWork(recorder: Recorder): PendingWork {
  const pending = new Set<Promise<void>>();
  return {
    track(where, work) {
      const ending = work
        .then(
          () => undefined,
          (error: unknown) => recorder.fault(where, error),
        )
        .finally(() => pending.delete(ending));
      pending.add(ending);
      return ending;
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}
