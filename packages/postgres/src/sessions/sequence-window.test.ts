import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SequenceWindow, takeFrom } from "./sequence-window.ts";

describe("a sequence window", () => {
  it("agrees with a plain list of everything taken, whatever order numbers come in", () => {
    const numbers = fc.array(fc.oneof(fc.nat(200), fc.nat(2 ** 40)), { maxLength: 80 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 70 }), (sequence, size) => {
        const taken = new Set<number>();
        let window: SequenceWindow | undefined;
        for (const seq of sequence) {
          const highest = Math.max(-1, ...taken);
          const fits = !taken.has(seq) && seq > highest - size;
          const next = takeFrom(window, seq, size);
          expect(next !== undefined).toBe(taken.size === 0 || fits);
          if (!next) continue;
          window = next;
          taken.add(seq);
        }
      }),
    );
  });

  it("stays small however many numbers are taken", () => {
    let window: SequenceWindow | undefined;
    for (let seq = 0; seq < 1_000; seq += 1) window = takeFrom(window, seq, 64);
    expect(window?.taken.toString(16)).toBe("f".repeat(16));
  });
});
