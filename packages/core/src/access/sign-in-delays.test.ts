import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { createSignInDelays, type SignInDelays } from "./sign-in-delays.ts";

const FREE = 10;
const RIGHT = randomBytes(32);
const WRONG = randomBytes(32);

describe("who shows wrong keys", () => {
  let nowMs: number;
  let delays: SignInDelays;
  beforeEach(() => {
    nowMs = 1_000_000;
    delays = createSignInDelays({ clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } });
  });
  const guess = (peer: string, times: number) => {
    for (let i = 0; i < times; i += 1) delays.noteWrong(peer);
  };

  it("tries ten times for nothing, then waits twice as long each time, up to a minute", () => {
    guess("192.0.2.1", FREE);
    expect(delays.waitMs("192.0.2.1", WRONG)).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const first = delays.noteWrong("192.0.2.1");
      expect(first).toBe(i === 0);
      waits.push(delays.waitMs("192.0.2.1", WRONG));
      nowMs += waits.at(-1) ?? 0;
      expect(delays.waitMs("192.0.2.1", WRONG)).toBe(0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    guess("192.0.2.1", 30);
    expect(delays.waitMs("192.0.2.1", WRONG)).toBe(60_000);
  });

  it("shuts nobody out at another address, and nobody's key at the same one that worked from there", () => {
    delays.noteRight("192.0.2.1", RIGHT);
    guess("192.0.2.1", 30);
    expect(delays.waitMs("192.0.2.1", WRONG)).toBeGreaterThan(0);
    expect(delays.waitMs("192.0.2.1", RIGHT)).toBe(0);
    expect(delays.waitMs("192.0.2.2", WRONG)).toBe(0);
    delays.noteRight("192.0.2.2", WRONG);
    expect(delays.waitMs("192.0.2.1", WRONG)).toBeGreaterThan(0);
  });

  it("has all addresses of an IPv6 network count as one", () => {
    guess("2001:db8:1:2::1", FREE);
    guess("2001:db8:1:2:ffff::9", 1);
    expect(delays.waitMs("2001:db8:1:2:3::4", WRONG)).toBeGreaterThan(0);
    expect(delays.waitMs("2001:db8:1:3::1", WRONG)).toBe(0);
  });

  it("is forgiven a try a minute", () => {
    guess("192.0.2.1", FREE);
    nowMs += 5 * 60_000;
    guess("192.0.2.1", 5);
    expect(delays.waitMs("192.0.2.1", WRONG)).toBe(0);
    expect(delays.noteWrong("192.0.2.1")).toBe(true);
  });
});
