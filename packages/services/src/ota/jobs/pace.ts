/** A second is how often a job has its turn. */
const TURNS_PER_MINUTE = 60;

/** A turn that comes late by so much loses nothing. */
const LATE_MS = 1_000;

/** How many devices a job takes at one turn. */
export function mostAtOnce(ratePerMinute: number): number {
  return Math.ceil(ratePerMinute / TURNS_PER_MINUTE);
}

/**
 * When the next devices may be taken after `count` were.
 *
 * No minute, wherever it begins, sees more than the rate: devices are paid for afterwards, so those of all turns within a minute but the last
 * cost less than that minute and what may be late; the last turn takes `mostAtOnce`; and the price is as much higher than the rate
 * says (4 % at most).
 *
 * @param paceAtMs what this said the last time.
 */
export function nextPaceMs(
  taken: { readonly paceAtMs: number; readonly nowMs: number; readonly count: number },
  ratePerMinute: number,
): number {
  const { paceAtMs, nowMs, count } = taken;
  const price = (60_000 + LATE_MS) / (ratePerMinute + 1 - mostAtOnce(ratePerMinute));
  return Math.max(paceAtMs, nowMs - LATE_MS) + Math.ceil(count * price);
}
