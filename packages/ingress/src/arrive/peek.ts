import type { Duplex } from "node:stream";

/** What a look at the first bytes of a stream came to. */
export interface Verdict<T> {
  readonly is: T;
  /** How many of the bytes are dealt with; the others are put back. */
  readonly used: number;
}

/**
 * Reads what a stream begins with until that is known for what it is, and puts back what is not dealt with: then it is as if nobody had
 * read from it.
 *
 * @param judge gets all bytes so far, and answers `undefined` while more are needed. It bounds how many those can be.
 * @returns `closed` when the stream ends before, `late` when `withinMs` pass before.
 */
export function peek<T>(
  stream: Duplex,
  { judge, withinMs }: { judge: (seen: Buffer) => Verdict<T> | undefined; withinMs: number },
): Promise<T | "closed" | "late"> {
  return new Promise((done) => {
    let seen: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => settle("late"), withinMs);
    const close = () => settle("closed");

    function settle(outcome: T | "closed" | "late"): void {
      clearTimeout(timer);
      stream.off("readable", look).off("end", close).off("close", close);
      done(outcome);
    }

    function look(): void {
      const chunk: Buffer | null = stream.read();
      if (chunk === null) return;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const verdict = judge(seen);
      if (!verdict) return;
      // In the same turn as the read: a stream that has ended meanwhile takes nothing back after that.
      if (verdict.used < seen.length) stream.unshift(seen.subarray(verdict.used));
      settle(verdict.is);
    }

    if (stream.destroyed) settle("closed");
    else stream.on("readable", look).on("end", close).on("close", close);
  });
}
