/** How a handful of measured times are spread. */
export interface Distribution {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** Sorts times out. @param times at least one, in ms. */
export function distributionOf(times: readonly number[]): Distribution {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), worst: at(1) };
}

/** As text, in ms. */
export function showDistribution({ p50, p99, worst }: Distribution): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`;
}
