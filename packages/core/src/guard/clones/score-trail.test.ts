import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sighting } from "../../ports/device-directory.ts";
import { CLONE_SCORE, CLONE_WINDOW_MS, isCrossing, scoreTrail } from "./score-trail.ts";
import { moved } from "./trail.ts";

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;

/** The trail of a device that is seen at these places after these times, and the highest score on the way. */
function follow(steps: readonly { place: string; afterMs: number }[]) {
  let trail: readonly Sighting[] = [];
  let atMs = NOW;
  let highest = 0;
  let crossings = 0;
  for (const { place, afterMs } of steps) {
    atMs += afterMs;
    const next = moved(trail, { place, atMs });
    if (!next) continue;
    trail = next;
    highest = Math.max(highest, scoreTrail(trail, atMs));
    if (isCrossing(trail)) crossings += 1;
  }
  return { highest, crossings };
}

const at = (places: string, afterMs: number) =>
  [...places].map((name) => ({ place: `198.51.${name.charCodeAt(0)}.0/24 device`, afterMs }));

describe("one device", () => {
  it("that stays two and a half minutes wherever it goes is never suspected, whatever way it takes", () => {
    const stay = fc.integer({ min: 2.5 * MINUTE, max: 24 * 60 * MINUTE });
    const step = fc.record({ place: fc.constantFrom(..."ABCDEFGH").map((name) => `${name} x`), afterMs: stay });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        expect(follow(steps).highest).toBeLessThan(CLONE_SCORE);
      }),
      { numRuns: 500 },
    );
  });

  it("that goes on and on, never back, through six networks in ten minutes is not suspected, however fast", () => {
    const fast = fc.integer({ min: 0, max: 2 * MINUTE });
    fc.assert(
      fc.property(fc.array(fast, { maxLength: 6 }), (gaps) => {
        expect(follow(gaps.map((afterMs, i) => ({ place: `net-${i} x`, afterMs }))).highest).toBe(0);
      }),
    );
  });

  it("that calls itself by another name at each start, in one network, is not suspected", () => {
    const steps = Array.from({ length: 200 }, (_, i) => ({ place: `192.0.2.0/24 random-${i}`, afterMs: 1_000 }));
    expect(follow(steps).highest).toBe(0);
  });

  it.each([
    ["moves and stays", "AB"],
    ["roams", "ABCDE"],
    ["fails over, and back", "ABA"],
    ["fails over twice, and back", "ABABA"],
  ])("that %s within seconds is not suspected", (_, places) => {
    expect(follow(at(places, 1_000)).highest).toBeLessThan(CLONE_SCORE);
  });

  it("whose firmware has its version in the name is not suspected for an update and a roll-back", () => {
    const names = ["fw-1.0", "fw-1.1", "fw-1.0", "fw-1.2"];
    expect(follow(names.map((name) => ({ place: `192.0.2.0/24 ${name}`, afterMs: MINUTE }))).highest).toBeLessThan(
      CLONE_SCORE,
    );
  });
});

describe("several devices with one certificate", () => {
  it("that take it from each other within a minute each are found when they have done so as often as there are of them, and five times more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), fc.infiniteStream(fc.nat(1_000)), (copies, draws) => {
        let last = -1;
        const steps = Array.from({ length: copies + CLONE_SCORE + 1 }, () => {
          const drawn = draws.next().value as number;
          // Any of the others.
          last = last < 0 ? drawn % copies : (last + 1 + (drawn % (copies - 1))) % copies;
          return { place: `10.0.0.${last} x`, afterMs: 1 + (drawn % MINUTE) };
        });
        expect(follow(steps).highest).toBeGreaterThanOrEqual(CLONE_SCORE);
      }),
      { numRuns: 500 },
    );
  });

  it("that are many are found by the number of their networks, though none comes back", () => {
    const steps = Array.from({ length: 11 }, (_, i) => ({ place: `198.51.${i}.0/24 x`, afterMs: 5_000 }));
    expect(follow(steps).highest).toBeGreaterThanOrEqual(CLONE_SCORE);
  });

  it("behind one address are told apart by what they call themselves", () => {
    const steps = Array.from({ length: 8 }, (_, i) => ({ place: `192.0.2.0/24 serial-${i % 2}`, afterMs: 5_000 }));
    expect(follow(steps).highest).toBeGreaterThanOrEqual(CLONE_SCORE);
  });

  it("are told once while they go on, and again after a rest", () => {
    expect(follow(at("ABABABABABABABABABABABABABAB", 20_000)).crossings).toBe(1);
    const rest = [{ place: "198.51.65.0/24 device", afterMs: 2 * CLONE_WINDOW_MS }];
    expect(follow([...at("ABABABABAB", 20_000), ...rest, ...at("BABABABA", 20_000)]).crossings).toBe(2);
  });
});
