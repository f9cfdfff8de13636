import { createMemoryAttemptLimiter } from "@trine/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { aDevice } from "../../test/an-attempt.ts";
import { createGuesses, type Guesses } from "./guesses.ts";

const DEVICE = aDevice("device_01");
const ATTACKER = "203.0.113.9";

let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let faults: string[];

beforeEach(() => {
  nowMs = 0;
  faults = [];
});

function aNode(
  settings: { failuresPerPeer?: number; guessDelayMs?: number },
  limiter = createMemoryAttemptLimiter({ clock }),
): Guesses {
  const recorder = { fault: (where: string) => void faults.push(where) };
  return createGuesses({ limiter, clock, recorder, settings: { failuresPerPeer: 0, guessDelayMs: 0, ...settings } });
}

const times = <T>(count: number, work: () => T): T[] => Array.from({ length: count }, work);

describe("wrong MACs of one network", () => {
  const stranger = (index: number) => ({ peer: ATTACKER, device: aDevice(`made_up_${index}`) });

  it("count by the /64 in IPv6, so that a guesser gains nothing by its many addresses", () => {
    const node = aNode({ failuresPerPeer: 10 });
    for (let i = 0; i < 12; i += 1) node.noteWrong({ peer: `2001:db8::${i}`, device: DEVICE });
    expect(node.refuseUnheard({ peer: "2001:db8::ffff", device: DEVICE })).toMatchObject({ code: "throttled" });
    expect(node.refuseUnheard({ peer: "2001:db8:0:1::1", device: DEVICE })).toBeUndefined();
  });

  it("let as many a minute be heard as the limit says, however many come", () => {
    const node = aNode({ failuresPerPeer: 600 });
    let heard = 0;
    for (let i = 0; i < 60_000; i += 1) {
      nowMs += 10;
      if (node.refuseUnheard(stranger(i))) continue;
      heard += 1;
      node.noteWrong(stranger(i));
    }
    // Ten minutes, and the allowance of the first.
    expect(heard).toBeGreaterThanOrEqual(6_000);
    expect(heard).toBeLessThanOrEqual(6_602);
  });

  it("say when to come again", () => {
    const node = aNode({ failuresPerPeer: 60 });
    for (let i = 0; i < 65; i += 1) node.noteWrong(stranger(i));
    const { retryAfterMs = 0 } = node.refuseUnheard(stranger(0)) ?? {};
    expect(retryAfterMs).toBe(5_000);
    nowMs += retryAfterMs;
    expect(node.refuseUnheard(stranger(0))).toBeUndefined();
  });

  it("are known to every node that is asked about the network", async () => {
    const limiter = createMemoryAttemptLimiter({ clock });
    const nodes = times(3, () => aNode({ failuresPerPeer: 100 }, limiter));
    for (const node of nodes) for (let i = 0; i < 40; i += 1) node.noteWrong(stranger(i));
    for (const node of nodes) expect(node.refuseUnheard(stranger(0))).toBeUndefined();
    for (const node of nodes) await node.flush();
    expect(nodes.at(-1)?.refuseUnheard(stranger(0))).toMatchObject({ code: "throttled" });
  });

  it("are counted by each node alone while the store is down, and nobody is refused for that", async () => {
    const down = { addFailures: () => Promise.reject(new Error("down")) };
    const node = aNode({ failuresPerPeer: 10 }, down);
    for (let i = 0; i < 5; i += 1) node.noteWrong(stranger(i));
    await node.flush();
    expect(faults).toEqual(["limiter"]);
    expect(node.refuseUnheard(stranger(0))).toBeUndefined();
    for (let i = 0; i < 6; i += 1) node.noteWrong(stranger(i));
    expect(node.refuseUnheard(stranger(0))).toMatchObject({ code: "throttled" });
  });

  it("are told to the store once for each network, not for each of them", async () => {
    const told: [string, number][] = [];
    const limiter = {
      async addFailures(key: string, count: number) {
        told.push([key, count]);
        return count;
      },
    };
    const node = aNode({ failuresPerPeer: 1_000 }, limiter);
    for (let i = 0; i < 500; i += 1) node.noteWrong(stranger(i));
    await node.flush();
    await node.flush();
    expect(told).toEqual([[ATTACKER, 500]]);
  });
});

describe("wrong MACs of one device from one network", () => {
  const guesser = { peer: ATTACKER, device: DEVICE };

  it("are answered with the truth as often as one connect call of an SDK tries (wire-format 2.7)", () => {
    const node = aNode({ guessDelayMs: 300_000 });
    for (let i = 0; i < 8; i += 1) {
      expect(node.noteWrong(guesser)).toBeUndefined();
      nowMs += 2_000;
    }
  });

  it("wait longer and longer for the truth, up to the longest time", () => {
    const node = aNode({ guessDelayMs: 60_000 });
    for (let i = 0; i < 8; i += 1) node.noteWrong(guesser);
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      expect(node.noteWrong(guesser)).toBeUndefined();
      const refusal = node.noteWrong(guesser);
      waits.push(refusal?.retryAfterMs ?? 0);
      nowMs += refusal?.retryAfterMs ?? 0;
    }
    expect(waits[0]).toBeLessThanOrEqual(4_000);
    expect(waits.at(-1)).toBe(60_000);
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
  });

  it("do not touch the same device from elsewhere, nor another device from there", () => {
    const node = aNode({ guessDelayMs: 300_000 });
    times(20, () => node.noteWrong(guesser));
    expect(node.noteWrong({ ...guesser, peer: "192.0.2.1" })).toBeUndefined();
    expect(node.noteWrong({ ...guesser, device: aDevice("device_02") })).toBeUndefined();
  });

  it("are forgotten when the device proves itself", () => {
    const node = aNode({ guessDelayMs: 300_000 });
    times(20, () => node.noteWrong(guesser));
    node.noteRight(guesser);
    expect(node.noteWrong(guesser)).toBeUndefined();
  });
});
