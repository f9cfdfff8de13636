import { createTokenBuckets, perSecond, subnetOf } from "@trine/core/guard";

/** Lets each sender do something so many times a second. */
export interface SenderRates {
  /** @returns false when the sender has used up what it may do now. */
  take(address: string): boolean;
}

// A sender that was forgotten starts afresh, which takes as many others as this.
const MAX_SENDERS = 50_000;

/**
 * Makes a token bucket a network (an IPv4 address, or the /64 of an IPv6 one); it holds one second's worth.
 *
 * @param nowMs a clock that never goes back.
 */
export function createSenderRates(count: number, nowMs: () => number): SenderRates {
  const buckets = createTokenBuckets({ clock: { monotonicMs: nowMs }, maxKeys: MAX_SENDERS });
  const rate = perSecond(count);
  return {
    take(address) {
      const network = subnetOf(address);
      if (buckets.waitMs(network, rate) > 0) return false;
      buckets.take(network, rate);
      return true;
    },
  };
}
