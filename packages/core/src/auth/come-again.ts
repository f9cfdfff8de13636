const SOONEST_MS = 2_000;
const LATEST_MS = 8_000;

/**
 * After which time a device may come again that is turned away for no fault of its own, and of whose turn nothing is known. Drawn anew each
 * time: all devices of an outage are turned away at once, and must not come back at once.
 *
 * @param draw from 0 to below 1.
 * @returns ms.
 */
export function comeAgainMs(draw: () => number): number {
  return Math.round(SOONEST_MS + (LATEST_MS - SOONEST_MS) * draw());
}
