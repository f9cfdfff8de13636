import type { Duplex } from "node:stream";

/** What carries a device that is logged in. */
export interface Carrier {
  readonly stream: Duplex;
  /** Why it ended, as a stable word for metrics. */
  readonly why: string;
  /** Whether the gateway ended it, so that nothing of the device counts any more. */
  readonly isCut: boolean;
  /** Lets so many milliseconds pass. @returns false when it ended meanwhile, or had ended before. */
  pass(ms: number): Promise<boolean>;
  /** Ends it at once. */
  cut(why: string): void;
}
