import type { Clock, Random } from "../ports/clock.ts";

/** Draws ids of messages. */
export interface MessageIds {
  /** Decimal text of a positive 63-bit number; later ones are greater. */
  next(): string;
}

// 2020-01-01, so that 41 bits of milliseconds last until 2089.
const EPOCH_MS = Date.UTC(2020, 0, 1);
const NODE_BITS = 14n;
const COUNTER_BITS = 8n;
const COUNTERS = 1 << Number(COUNTER_BITS);

/**
 * Makes a source of ids: milliseconds, a number drawn for this process, and a counter.
 *
 * Ids of one process never repeat, also when the clock jumps back: time then stands still until it has caught up. When a millisecond
 * has no counter left, the next one is used ahead of its time. Two processes collide only if they drew the same number of 16 384 and
 * use the same counter in the same millisecond; and ids are compared within one device only.
 */
export function createMessageIds({ clock, random }: { clock: Clock; random: Random }): MessageIds {
  const node = BigInt(random.bytes(2).readUInt16BE() % (1 << Number(NODE_BITS)));
  let lastMs = 0;
  let counter = 0;
  return {
    next() {
      const nowMs = clock.nowMs() - EPOCH_MS;
      counter += 1;
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = 0;
      } else if (counter === COUNTERS) {
        lastMs += 1;
        counter = 0;
      }
      return String((BigInt(lastMs) << (NODE_BITS + COUNTER_BITS)) | (node << COUNTER_BITS) | BigInt(counter));
    },
  };
}
