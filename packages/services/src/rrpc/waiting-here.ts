import type { Timer } from "@trine/core/ports";

/** Callers of this node that wait for the answer of a device. */
export interface WaitingHere {
  readonly size: number;
  /** @returns the answer; nothing when none came in time, or the signal aborted. */
  wait(messageId: string, timeoutMs: number, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** Ends a wait: with an answer, or without. One that is over, or never was, is passed over. */
  end(messageId: string, answer?: Buffer): void;
}

export function createWaitingHere(timer: Timer): WaitingHere {
  const waiting = new Map<string, (answer: Buffer | undefined) => void>();
  const end = (messageId: string, answer?: Buffer) => waiting.get(messageId)?.(answer);
  return {
    get size() {
      return waiting.size;
    },
    wait: (messageId, timeoutMs, signal) =>
      new Promise((done) => {
        const callOff = timer.after(timeoutMs, () => end(messageId));
        const abort = () => end(messageId);
        signal?.addEventListener("abort", abort, { once: true });
        waiting.set(messageId, (answer) => {
          waiting.delete(messageId);
          callOff();
          signal?.removeEventListener("abort", abort);
          done(answer);
        });
        if (signal?.aborted) abort();
      }),
    end,
  };
}
