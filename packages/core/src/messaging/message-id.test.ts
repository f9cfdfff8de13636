import { describe, expect, it } from "vitest";
import { createMessageIds } from "./message-id.ts";

const START_MS = Date.UTC(2026, 10, 24);
const LARGEST = 2n ** 63n - 1n;

function aSource(node = 0) {
  const state = { nowMs: START_MS };
  const clock = { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs };
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(node);
  return { state, ids: createMessageIds({ clock, random: { bytes: () => bytes } }) };
}

describe("ids of messages", () => {
  it("are positive 63-bit numbers in decimal, greater than a double holds exactly", () => {
    for (const nowMs of [START_MS, Date.UTC(2020, 0, 1), Date.UTC(2088, 0, 1), 0]) {
      const { ids, state } = aSource(16_383);
      state.nowMs = nowMs;
      const id = ids.next();
      expect(id).toMatch(/^[1-9][0-9]*$/);
      expect(BigInt(id)).toBeLessThanOrEqual(LARGEST);
    }
    expect(BigInt(aSource().ids.next())).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
  });

  it("grow, within a millisecond, over more of them than one has room for, and while the clock jumps back", () => {
    const { ids, state } = aSource();
    let last = 0n;
    for (let draw = 0; draw < 20_000; draw += 1) {
      if (draw % 3_000 === 2_999) state.nowMs -= 60_000;
      if (draw % 5_000 === 4_999) state.nowMs += 50;
      const id = BigInt(ids.next());
      expect(id).toBeGreaterThan(last);
      last = id;
    }
  });

  it("follow the clock again when it has caught up", () => {
    const { ids, state } = aSource();
    const before = BigInt(ids.next());
    state.nowMs += 1_000;
    expect(BigInt(ids.next()) - before).toBe(1_000n << 22n);
  });

  it("differ between two processes that drew different numbers, in the same millisecond", () => {
    const [one, other] = [aSource(1).ids, aSource(2).ids];
    const drawn = Array.from({ length: 1_000 }, () => [one.next(), other.next()]).flat();
    expect(new Set(drawn).size).toBe(2_000);
  });
});
