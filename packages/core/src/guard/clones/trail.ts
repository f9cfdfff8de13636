import type { Sighting } from "../../ports/device-directory.ts";

/** Places that are remembered of one device: enough to tell what `scoreTrail` tells. */
export const TRAIL_LENGTH = 12;

/** A trail with one more place, or nothing when the device is where it was. */
export function moved(trail: readonly Sighting[], sighting: Sighting): readonly Sighting[] | undefined {
  if (trail.at(-1)?.place === sighting.place) return undefined;
  return [...trail, sighting].slice(-TRAIL_LENGTH);
}
