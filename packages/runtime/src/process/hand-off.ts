import { setTimeout as wait } from "node:timers/promises";

const STEP_MS = 100;

/** Whoever closes so few at a time makes no storm, so a small number is through early. */
const LEAST_PER_STEP = 3;

/**
 * Calls `close` for each of `all`, in order, in even steps over `overMs`. With 0 all at once.
 *
 * A device that loses its connection comes back within moments, to another process: whoever closes tens of thousands at once has them all
 * log in there at once.
 */
export async function handOff<T>(all: readonly T[], overMs: number, close: (one: T) => void): Promise<void> {
  const begun = performance.now();
  for (let done = 0, step = 1; done < all.length; step += 1) {
    // By the clock, not by the number of steps: a busy process is late for some of them.
    const share = overMs > 0 ? (performance.now() - begun + STEP_MS) / overMs : 1;
    const due = Math.max(Math.ceil(all.length * share), step * LEAST_PER_STEP);
    for (const one of all.slice(done, due)) close(one);
    done = due;
    if (done < all.length) await wait(STEP_MS);
  }
}
