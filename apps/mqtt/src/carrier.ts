import type { Duplex } from "node:stream";
import type { DeviceRef } from "@trine/core/certificate";

/** What carries a device that is logged in: a connection, or the place that it has on the connection of another device. */
export interface Carrier {
  /** Unique in this process. */
  readonly id: string;
  readonly stream: Duplex;
  /** Whether nothing reaches the device any more. */
  readonly isGone: boolean;
  /** Why it ended, as a stable word for metrics. */
  readonly why: string;
  /** Whether the gateway ended it, so that nothing of the device counts any more. */
  readonly isCut: boolean;
  /** The device whose connection it is, if it is not the device's own. */
  readonly carriedBy?: DeviceRef;
  /** Lets so many milliseconds pass. @returns false when it ended meanwhile, or had ended before. */
  pass(ms: number): Promise<boolean>;
  /** Notes why it is about to end; the first reason counts. */
  blame(why: string): void;
  /** Ends it at once. */
  cut(why: string): void;
  /** Ends the connection, whoever else is on it: what was not acknowledged has to be sent again. */
  breakOff(why: string): void;
}
