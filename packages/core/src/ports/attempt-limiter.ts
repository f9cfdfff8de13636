/** Counts failed logins by peer. May be in memory: it protects, it does not decide who is right. */
export interface AttemptLimiter {
  /** Whether the peer may try now: it failed fewer than `limit` times within `windowMs`. */
  admits(peer: string, limit: number, windowMs: number): Promise<boolean>;
  /** Notes one failure of the peer. */
  recordFailure(peer: string, windowMs: number): Promise<void>;
}
