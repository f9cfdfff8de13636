/**
 * Counts failed logins over all nodes, by any key. Every count goes down by itself. May be in memory: it protects, it does not decide who is
 * right.
 *
 * Nobody is asked before a login. A node counts by itself first, and tells here behind it what failed.
 */
export interface AttemptLimiter {
  /**
   * Adds failures to the count of `key`, which goes down by one every `everyMs` and never gets above `most`.
   *
   * @returns the count of all nodes after that, with its fraction.
   */
  addFailures(key: string, count: number, drain: { everyMs: number; most: number }): Promise<number>;
}
