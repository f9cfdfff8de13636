/** Which sequence numbers were taken: the highest, and those close below it as bits (bit 0 is the highest itself). */
export interface SequenceWindow {
  readonly highest: number;
  readonly taken: bigint;
}

/**
 * Takes a number once. Numbers may arrive out of order within `window` of the highest one (wire-format 5.6).
 *
 * @returns the window with the number in it, or `undefined` when it was taken before or is too old.
 */
export function takeFrom(before: SequenceWindow | undefined, seq: number, window: number): SequenceWindow | undefined {
  if (!before) return { highest: seq, taken: 1n };
  const ahead = seq - before.highest;
  if (ahead > 0) {
    const kept = ahead >= window ? 0n : BigInt.asUintN(window, before.taken << BigInt(ahead));
    return { highest: seq, taken: kept | 1n };
  }
  const bit = 1n << BigInt(Math.min(-ahead, window));
  if (-ahead >= window || (before.taken & bit) !== 0n) return undefined;
  return { highest: before.highest, taken: before.taken | bit };
}
