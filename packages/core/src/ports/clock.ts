/** Time, as a port, so that tests can set it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For leases and durations. */
  monotonicMs(): number;
}

/** Waiting, as a port, so that tests can set it. */
export interface Timer {
  /** Runs `work` once after `ms`. @returns what calls it off; calling it later does nothing. */
  after(ms: number, work: () => void): () => void;
}

/** Randomness, as a port, so that tests can set it. */
export interface Random {
  /** `count` bytes from a cryptographic source. */
  bytes(count: number): Buffer;
}
