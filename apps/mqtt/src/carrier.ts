import type { Socket } from "node:net";

/** What carries a device that is logged in. */
export interface Carrier {
  readonly socket: Socket;
  /** Why it ended, as a stable word for metrics. */
  readonly why: string;
  /** Whether the gateway ended it, so that nothing of the device counts any more. */
  readonly isCut: boolean;
  /** Ends it at once. */
  cut(why: string): void;
}
