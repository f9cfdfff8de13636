import type { Sighting } from "../../ports/device-directory.ts";
import { readPlace } from "./place.ts";

/** What counts, and how far back. */
export const CLONE_WINDOW_MS = 600_000;
/** From this score on a certificate is taken for copied. */
export const CLONE_SCORE = 4;
/** A moving device comes through some networks that it never saw before; more of them than this in one window count. */
const NETWORKS_FREE = 6;

/**
 * How much a device's places look like those of several devices by turns.
 *
 * A device that moves goes from A to B to C, or back once; two that take the connection from each other make A, B, A, B. So each coming back
 * to an earlier place counts one. Many copies seldom come back within a window, but no device gets through so many networks: each beyond six counts
 * one as well. A device that stays two and a half minutes wherever it goes never gets to `CLONE_SCORE`, whatever way it takes.
 *
 * @param trail oldest first, each place another than the one before it.
 */
export function scoreTrail(trail: readonly Sighting[], nowMs: number): number {
  const inWindow = trail.filter(({ atMs }) => atMs > nowMs - CLONE_WINDOW_MS);
  // Where it was when the window began.
  const before = trail[trail.length - inWindow.length - 1];
  const seen = new Set(before ? [before.place] : []);
  let network = before && readPlace(before.place).network;
  let [returns, networks] = [0, 0];
  for (const { place } of inWindow) {
    if (seen.has(place)) returns += 1;
    seen.add(place);
    const next = readPlace(place).network;
    if (next !== network) networks += 1;
    network = next;
  }
  return returns + Math.max(0, networks - NETWORKS_FREE);
}

/** Whether the last place of a trail is the one that makes it suspicious: so that what goes on is told once. */
export function isCrossing(trail: readonly Sighting[]): boolean {
  const last = trail.at(-1);
  if (!last || scoreTrail(trail, last.atMs) < CLONE_SCORE) return false;
  return scoreTrail(trail.slice(0, -1), last.atMs) < CLONE_SCORE;
}
