import { setTimeout as sleep } from "node:timers/promises";

/** Asks ten times a second until the answer is yes. @throws with `failure` after half a minute. */
export async function pollUntil(isSo: () => Promise<boolean>, failure: string): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries > 300) throw new Error(failure);
    await sleep(100);
  }
}
