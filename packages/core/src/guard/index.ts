export { moved, TRAIL_LENGTH } from "./clones/trail.ts";
export { createLeakyCounts, type Drain, type LeakyCounts } from "./leaky-counts.ts";
export { createRecentKeys } from "./recent-keys.ts";
export { subnetOf } from "./subnet-of.ts";
