/** Latencies of one run, in memory that does not grow: 20 µs buckets up to 2 s. */
const BUCKET_MS = 0.02;
const BUCKETS = 100_000;

export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  /** @param share 0.5 for the median. */
  percentile(share: number): number;
  reset(): void;
}

/** Makes an empty histogram. */
export function createLatencies(): Latencies {
  const buckets = new Uint32Array(BUCKETS);
  let count = 0;
  return {
    add(ms) {
      const index = Math.min(BUCKETS - 1, Math.floor(ms / BUCKET_MS));
      buckets[index] = (buckets[index] ?? 0) + 1;
      count += 1;
    },
    get count() {
      return count;
    },
    percentile(share) {
      let seen = 0;
      for (let index = 0; index < BUCKETS; index += 1) {
        seen += buckets[index] ?? 0;
        if (seen >= share * count) return (index + 0.5) * BUCKET_MS;
      }
      return BUCKETS * BUCKET_MS;
    },
    reset() {
      buckets.fill(0);
      count = 0;
    },
  };
}
