export { moved, TRAIL_LENGTH } from "./clones/trail.ts";
export { createLeakyCounts, type Drain, type LeakyCounts } from "./leaky-counts.ts";
export { plainAddress } from "./plain-address.ts";
export { createRecentKeys } from "./recent-keys.ts";
export { subnetOf } from "./subnet-of.ts";
export { createTokenBuckets, perSecond } from "./token-buckets.ts";
