import { LRUCache } from "lru-cache";
import { senderOf } from "./peer-address.ts";

/** Lets each sender do something so many times a second. */
export interface SenderRates {
  /** @returns false when the sender has used up what it may do now. */
  take(address: string): boolean;
}

// A sender that was forgotten starts afresh, which takes as many others as this.
const MAX_SENDERS = 50_000;

/**
 * Makes a token bucket a sender; it holds one second's worth.
 *
 * @param nowMs a clock that never goes back.
 */
export function createSenderRates(perSecond: number, nowMs: () => number): SenderRates {
  const buckets = new LRUCache<string, { left: number; atMs: number }>({ max: MAX_SENDERS });
  return {
    take(address) {
      const key = senderOf(address);
      const now = nowMs();
      const bucket = buckets.get(key) ?? { left: perSecond, atMs: now };
      bucket.left = Math.min(perSecond, bucket.left + ((now - bucket.atMs) / 1000) * perSecond);
      bucket.atMs = now;
      buckets.set(key, bucket);
      if (bucket.left < 1) return false;
      bucket.left -= 1;
      return true;
    },
  };
}
